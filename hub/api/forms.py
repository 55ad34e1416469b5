"""Shapes of input. What a form does not know is refused, never ignored."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from hub.api.errors import InvalidFields


class Form(serializers.Serializer[Any]):
    """Checks the shape of a body or query; unknown members fail with ``unknown_field``."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked values; raises ValidationError with what is unknown and what is wrong."""
        unknown = self._unknown(data)
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            raise ValidationError(error.detail | unknown) from None
        if unknown:
            raise ValidationError(unknown)
        return value

    def _unknown(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            return {}
        known = {name for name, field in self.fields.items() if not field.read_only}
        refusal = [ErrorDetail("There is no such field.", code="unknown_field")]
        return {name: refusal for name in data if name not in known}


def read_body(form: type[Form], request: Request) -> dict[str, Any]:
    """The request's body as ``form`` checked it; raises InvalidFields and what parsing raises."""
    return read(form, request.data)


def read(form: type[Form], value: Any) -> dict[str, Any]:
    """A JSON value as ``form`` checked it; raises the framework's ValidationError."""
    return dict(_made(form).run_validation(value))


@cache
def _made(form: type[Form]) -> Form:
    """The form, made once: copying its fields for each request costs more than checking them.

    Checking keeps nothing in it, so requests may share it.
    """
    return form()


def read_query(form: type[Form], request: Request) -> dict[str, Any]:
    """The query as ``form`` checked it, each parameter at most once; raises InvalidFields.

    A field for several values takes them separated by commas, or as the form says.
    """
    repeated = [name for name, values in request.query_params.lists() if len(values) > 1]
    if repeated:
        raise InvalidFields([_refused(name, "repeated", "Send it once.") for name in repeated])
    checked = form(data=request.query_params.dict())
    if not checked.is_valid():
        raise InvalidFields(
            [
                _refused(name, str(getattr(reason, "code", "invalid")), str(reason))
                for name, reasons in checked.errors.items()
                for reason in (reasons if isinstance(reasons, list) else [reasons])
            ]
        )
    return dict(checked.validated_data)


def _refused(parameter: str, code: str, detail: str) -> dict[str, str]:
    return {"parameter": parameter, "code": code, "detail": detail}
