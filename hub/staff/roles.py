"""The roles that come with the hub, as groups: what each job needs, and no more.

People of a store (picker, store lead) need no permission to do the day's work there: being named
for the store opens it. The permissions say what goes beyond that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes

PICKER = "Picker"
LEAD = "Store lead"
SUPPORT = "Support"
OPERATIONS = "Operations"
INTEGRATOR = "Integrator"
ADMINISTRATOR = "Administrator"

EVERYTHING = "*"


def _may(verbs: str, app: str, models: str) -> set[str]:
    return {f"{app}.{verb}_{model}" for verb in verbs.split() for model in models.split()}


_SEES_WORK = (
    _may("view", "orders", "fulfillmentorder order bag putback pickbatch zonepick pickentry")
    | _may("view", "orders", "handoff substitutionround windowbooking staginglocation spot")
    | _may("view", "inventory", "item stocklevel hold pulltask salesstop shelfplace shortfallcase")
    | _may("view", "inventory", "unavailableunits incomingunits")
)
_SEES_STORE = (
    _may("view", "orders", "complaint rating goodsreturn routingdecision slotcapacity sign")
    | _may("view", "orders", "curbsettings")
    | _may("view", "inventory", "inventoryevent safetystock storefeed sourceclock")
    | _may("view", "notifications", "message calltask thread")
    | _may("view", "customers", "profile preference")
    | _may("view", "stores", "store storeswitch posconnection settingslevel")
    | _may("view", "integration", "stagechange")
)
_DECIDES_ORDERS = {
    *_may("change", "orders", "order"),
    *_may("add change", "orders", "block"),
    *_may("add", "customers", "consentevent"),
    *_may("change", "notifications", "message"),
}
_LEADS = {
    "orders.override_pin",
    "orders.take_return",
    "orders.adjust_price",
    "orders.drive_sandbox",
    "stores.change_storeswitch",
    "staff.enrol_tablet",
    "staff.issue_badge",
    "staff.export_data",
    "staff.view_audit",
    *_may("view change", "staff", "tablet"),
    *_may("view", "staff", "staffkey"),
    *_may("add change delete", "inventory", "salesstop safetystock shelfplace"),
    *_may("add change delete", "orders", "spot staginglocation slotcapacity"),
}
_SEES_CUSTOMERS = _may("view", "customers", "profile preference consentevent")
_RULES = (
    _may("view add change delete", "orders", "spot staginglocation slotcapacity curbsettings")
    | _may("view add change delete", "orders", "routingruleset routingsimulation")
    | _may("view add change delete", "inventory", "safetystock channelbuffer storefeed signalrule")
    | _may("view add change delete", "inventory", "salesstop shelfplace sourceclock")
    | _may("view add change", "inventory", "item recall")
    | _may("view add change", "stores", "store openinghours hoursexception storegroup")
    | _may("delete", "stores", "openinghours hoursexception storegroup")
    | _may("view", "stores", "brand saleschannel posconnection storeswitch")
    | _may("view add change", "notifications", "templateversion textingrules")
    | _may("view change", "stores", "settingslevel")
    | _may("view add", "integration", "wave")
    | {"integration.view_stagechange", "integration.override_readiness"}
)
_MACHINERY = (
    _may("view change", "events", "delivery breaker")
    | _may("view", "events", "fact heartbeat")
    | _may("view change", "webhooks", "webhookcall")
    | _may("view change", "notifications", "message")
    | _may("view", "inbox", "inboundcall")
    | _may("view", "django_q", "failure schedule")
)

ROLES: dict[str, set[str]] = {
    PICKER: _SEES_WORK,
    LEAD: _SEES_WORK | _SEES_STORE | _DECIDES_ORDERS | _LEADS,
    SUPPORT: {
        *_SEES_WORK,
        *_SEES_STORE,
        *_DECIDES_ORDERS,
        *_SEES_CUSTOMERS,
        "orders.take_return",
        "orders.adjust_price",
        "staff.see_all_stores",
        "staff.work_in_all_stores",
        "staff.view_audit",
    },
    OPERATIONS: {
        *_SEES_WORK,
        *_SEES_STORE,
        *_DECIDES_ORDERS,
        *_LEADS,
        *_SEES_CUSTOMERS,
        *_RULES,
        *_MACHINERY,
        "orders.adjust_price_freely",
        "staff.see_all_stores",
        "staff.work_in_all_stores",
        *_may("view add change", "auth", "user"),
        *_may("view", "auth", "group"),
        *_may("view add change delete", "stores", "staffscope"),
    },
    INTEGRATOR: {
        *_MACHINERY,
        *_may("view change add", "django_q", "schedule"),
        *_may("view add change", "stores", "posconnection"),
        *_may("view", "stores", "store saleschannel brand storegroup"),
        *_may("view change", "stores", "settingslevel"),
        *_may("view add", "integration", "wave"),
        "integration.view_stagechange",
        "orders.drive_sandbox",
        *_may("view add change", "api", "apikey"),
        *_may("view add change", "webhooks", "webhookendpoint"),
        *_may("view add change", "providers", "provider"),
        *_may("view", "notifications", "textingrules"),
        *_may("view add change delete", "inventory", "feedlayout itemcode stockfile unmappedcode"),
        *_may("view change", "inventory", "sourceclock storefeed"),
        *_may("view", "inventory", "item stocklevel"),
        "staff.see_all_stores",
        "staff.export_data",
        "staff.view_audit",
    },
    ADMINISTRATOR: {EVERYTHING},
}
STORE_ROLES = (PICKER, LEAD)
# what nobody may do on a device that lies in the store, whoever he is elsewhere
_NOT_ON_TABLETS = {"staff.enrol_tablet", "staff.export_data", "staff.issue_badge"}
TABLET_RIGHTS = frozenset(set().union(*(ROLES[name] for name in STORE_ROLES)) - _NOT_ON_TABLETS)


def ship(registry: Any = installed) -> None:
    """Every role is a group that has at least the permissions of the table; safe to repeat.

    What an administrator added to a group stays. Permissions are made here, as they otherwise
    come only after the last migration. ``registry`` is where a migration has its models.
    """
    group, permission = (registry.get_model("auth", name) for name in ("Group", "Permission"))
    for config in installed.get_app_configs():
        create_contenttypes(config, verbosity=0)
        create_permissions(config, verbosity=0)
    known = {
        f"{app}.{codename}": pk
        for app, codename, pk in permission.objects.values_list(
            "content_type__app_label", "codename", "pk"
        )
    }
    for name, wanted in ROLES.items():
        role, _ = group.objects.get_or_create(name=name)
        role.permissions.add(*_keys(wanted, known))


def _keys(wanted: Iterable[str], known: dict[str, Any]) -> list[int]:
    if EVERYTHING in wanted:
        return list(known.values())
    # a table that a later version took away has no permission any more
    return [known[permission] for permission in wanted if permission in known]
