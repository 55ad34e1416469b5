"""Who may decide about whom: nobody gives more than he has."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission, User
from django.db.models import QuerySet
from django.http import HttpRequest


def outranks(person: User, request: HttpRequest) -> bool:
    """Whether the person may do anything that the one who asks may not."""
    if request.user.is_superuser or person.pk == request.user.pk:
        return False
    return person.is_superuser or not (
        person.get_all_permissions() <= request.user.get_all_permissions()
    )


def roles_within(request: HttpRequest) -> QuerySet[Group]:
    """The roles whose every right is the asking person's own."""
    if request.user.is_superuser:
        return Group.objects.all()
    mine = request.user.get_all_permissions()
    rights = Permission.objects.select_related("content_type")
    beyond = [
        one.pk for one in rights if f"{one.content_type.app_label}.{one.codename}" not in mine
    ]
    return Group.objects.exclude(permissions__in=beyond)
