"""The roles that come with the hub: what each may, and that nobody gives more than he has."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from hub.staff import roles
from hub.staff.models import RolePolicy
from hub.stores.models import StaffScope
from tests.factories import make_person, make_ready, make_role, make_store

pytestmark = pytest.mark.django_db


def test_every_permission_of_the_table_is_one_that_exists():
    roles.ship()
    known = {
        f"{app}.{name}"
        for app, name in Permission.objects.values_list("content_type__app_label", "codename")
    }
    missing = {
        name: sorted(wanted - known - {roles.EVERYTHING}) for name, wanted in roles.ROLES.items()
    }
    assert not any(missing.values()), missing


def test_shipping_the_roles_again_keeps_what_was_added_by_hand():
    roles.ship()
    group = Group.objects.get(name=roles.PICKER)
    extra = Permission.objects.get(codename="override_pin")
    group.permissions.add(extra)
    before = group.permissions.count()
    roles.ship()
    assert group.permissions.count() == before


def test_an_administrator_has_every_permission_and_a_picker_no_right_to_change_any_table():
    roles.ship()
    everything = Group.objects.get(name=roles.ADMINISTRATOR).permissions.count()
    assert everything == Permission.objects.count()
    picker = Group.objects.get(name=roles.PICKER).permissions.values_list("codename", flat=True)
    assert {name.partition("_")[0] for name in picker} == {"view"}


def test_nothing_that_leaves_the_store_may_be_done_on_a_tablet():
    for right in ("staff.enrol_tablet", "staff.export_data", "staff.issue_badge"):
        assert right not in roles.TABLET_RIGHTS
    assert "staff.see_all_stores" not in roles.TABLET_RIGHTS
    assert "orders.override_pin" in roles.TABLET_RIGHTS


def test_who_is_named_for_no_store_sees_none_unless_a_role_says_all(client):
    part = make_ready()
    page = reverse("admin:orders_fulfillmentorder_changelist")
    lead = make_role(roles.LEAD)
    client.force_login(lead)
    assert part.public_id not in client.get(page).content.decode()
    client.force_login(make_role(roles.SUPPORT))
    assert part.public_id in client.get(page).content.decode()


def test_losing_the_last_store_opens_no_other(client):
    part, store = make_ready(), make_store()
    lead = make_role(roles.LEAD, store)
    StaffScope.objects.filter(user=lead).delete()
    client.force_login(lead)
    for name in ("orders_order_changelist", "inventory_stocklevel_changelist"):
        assert part.order.external_id not in client.get(reverse(f"admin:{name}")).content.decode()
    gone = client.get(reverse("admin:orders_order_change", args=[part.order_id]))
    assert gone.status_code == 404


def test_support_sees_every_board_and_an_integrator_none(client):
    make_ready()
    board = reverse("admin:orders_fulfillmentorder_ready")
    client.force_login(make_role(roles.SUPPORT))
    assert client.get(board).status_code == 200
    client.force_login(make_role(roles.INTEGRATOR))
    assert client.get(board).status_code == 404
    assert client.get(reverse("admin:stores_posconnection_changelist")).status_code == 200


def test_an_integrator_reads_the_reports_of_connections_and_no_others(client):
    store = make_store()
    client.force_login(make_role(roles.INTEGRATOR))
    report = reverse("admin:orders_dayfigures_report")
    page = client.get(report).content.decode()
    menu = client.get(reverse("admin:index")).content.decode()
    for key, status in (("pos-lag", 200), ("messages", 200), ("sla", 404), ("orders", 404)):
        one = reverse("admin:orders_dayfigures_measure", args=[key])
        assert client.get(one).status_code == status, key
        assert (f"{one}?" in page) == (status == 200), key
    assert f'href="{report}"' in menu
    assert client.get(reverse("admin:orders_dayfigures_changelist")).status_code == 403
    named = make_role(roles.INTEGRATOR, make_store())
    client.force_login(named)
    assert client.get(report).status_code == 200
    assert client.get(report, {"of": f"store:{store.code}"}).status_code == 404


def change(client, person, **values):
    form = {
        "username": person.username,
        "is_active": "on",
        "is_staff": "on",
        "store_scopes-TOTAL_FORMS": 0,
        "store_scopes-INITIAL_FORMS": 0,
    }
    return client.post(reverse("admin:auth_user_change", args=[person.pk]), form | values)


def test_operations_name_people_but_make_no_superuser_and_give_no_right_of_their_own(client):
    client.force_login(make_role(roles.OPERATIONS))
    person = make_person()
    right = Permission.objects.get(codename="add_apikey")
    change(client, person, is_superuser="on", user_permissions=[right.pk], first_name="Ann")
    person = User.objects.get(pk=person.pk)
    assert person.first_name == "Ann"
    assert not person.is_superuser
    assert not person.user_permissions.exists()


def test_operations_give_the_roles_of_a_store_but_not_those_above_their_own(client):
    client.force_login(make_role(roles.OPERATIONS))
    person = make_person()
    for role, given in (
        (roles.LEAD, True),
        (roles.ADMINISTRATOR, False),
        (roles.INTEGRATOR, False),
    ):
        group = Group.objects.get(name=role)
        change(client, person, groups=[group.pk])
        assert person.groups.filter(pk=group.pk).exists() is given, role


def test_who_may_more_is_left_alone_by_who_may_less(client):
    client.force_login(make_role(roles.OPERATIONS))
    for above in (make_role(roles.ADMINISTRATOR), make_person(is_superuser=True)):
        change(client, above, first_name="Taken")
        password = {"password1": "taken-over-123", "password2": "taken-over-123"}
        page = reverse("admin:auth_user_password_change", args=[above.pk])
        assert client.post(page, password).status_code == 403
        above.refresh_from_db()
        assert above.first_name == ""


def test_a_role_asks_for_a_second_factor_by_its_page(client):
    roles.ship()
    client.force_login(make_person(is_superuser=True))
    group = Group.objects.get(name=roles.PICKER)
    form = {
        "name": group.name,
        "policy-TOTAL_FORMS": 1,
        "policy-INITIAL_FORMS": 0,
        "policy-0-second_factor": "on",
        "policy-0-group": group.pk,
    }
    reply = client.post(reverse("admin:auth_group_change", args=[group.pk]), form)
    assert reply.status_code == 302
    assert RolePolicy.objects.get(group=group).second_factor
