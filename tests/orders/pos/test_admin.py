"""The pages of a POS: who sees them, what they show, and what each button does, once."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from hub import clock
from hub.connectors.pos.layout import layout_of
from hub.errors import ConnectorError
from hub.events.models import Breaker, Delivery
from hub.stores.models import PosConnection, StaffScope
from orders.admin.exceptions import problems
from orders.models import PosCheck, PosDrift, PosList, PosWaiting
from tests.factories import make_person
from tests.orders.pos.conftest import World

pytestmark = pytest.mark.django_db

REFUSED = ConnectorError("HTTP 422", permanent=True)


@pytest.fixture
def staff(client):
    """A browser of somebody who may do everything."""
    client.force_login(User.objects.create_superuser("ann"))
    return client


def page(name, *arguments):
    return reverse(f"admin:stores_posconnection_{name}", args=arguments)


def press(staff, which, /, *arguments, **values):
    """Press a button; the words that the next page says."""
    reply = staff.post(page(which, *arguments), values, follow=True)
    assert reply.status_code == 200
    return " ".join(str(message) for message in reply.context["messages"])


def shown(staff, world):
    reply = staff.get(page("state", world.pos.pk))
    assert reply.status_code == 200
    return reply.content.decode()


def drift(world, **values):
    values = {
        "kind": "stock",
        "key": world.milk.sku,
        "item": world.milk,
        "ours": "50 on hand",
        "theirs": "44 on hand",
        "units": 44,
        "as_of": clock.now(),
        "found_at": clock.now(),
    } | values
    return PosDrift.objects.create(connection=world.pos, **values)


def test_a_pos_that_is_well_says_so(staff, world):
    text = shown(staff, world)
    assert "Answers" in text
    assert "Nothing, as far as the last check has seen." in text
    assert "Answers" in staff.get(page("changelist")).content.decode()


def test_what_a_pos_cannot_be_asked_for_is_said(staff, world):
    assert "cannot:" not in shown(staff, world)
    PosConnection.objects.filter(pk=world.pos.pk).update(connector="files", base_url="")
    text = shown(staff, world)
    assert "list its open pick lists; list its receipts; list its stock. Checks leave" in text


def test_an_open_breaker_is_shown_and_can_be_closed(staff, world):
    lane = f"pos:{world.store.pk}"
    Breaker.objects.create(
        key=lane,
        state="open",
        failures=7,
        last_error="no connection",
        opened_at=clock.now(),
        due_at=clock.now() + timedelta(hours=1),
    )
    assert "Out of reach" in shown(staff, world)
    assert "no connection" in shown(staff, world)
    assert "called again" in press(staff, "reset", world.pos.pk)
    assert Breaker.objects.get().state == "closed"


def test_what_was_given_up_is_tried_again_one_or_all(staff, world):
    for _ in range(2):
        world.part()
    world.till.fail_with = [REFUSED] * 2
    world.work()
    assert shown(staff, world).count("HTTP 422") == 2
    one = Delivery.objects.filter(state="parked").order_by("pk").first()

    assert "1 will" in press(staff, "replay", world.pos.pk, delivery=one.pk)
    assert "1 will" in press(staff, "replay", world.pos.pk)
    world.work()

    assert len(world.till.pick_lists) == 2


def test_a_pick_list_is_edited_and_sent(staff, world):
    part = world.part()
    world.till.fail_with = [REFUSED]
    world.work()
    form = page("edit", world.pos.pk, part.pk)
    assert "Milk" in staff.get(form).content.decode()

    values = {
        "line_id": ["1", "2"],
        "name": ["Milk 1 l", "Bread"],
        "quantity": ["1", "0"],
        "note": "x",
    }
    press(staff, "edit", world.pos.pk, part.pk, **values)
    world.work()

    (line,) = world.till.pick_lists[part.public_id].lines
    assert (line.name, line.quantity) == ("Milk 1 l", 1)


@pytest.mark.parametrize("units", ["9", "-1", "one", "", "1" * 30])
def test_an_edit_that_cannot_be_is_refused_in_words(staff, world, units):
    part = world.part()
    values = {"line_id": ["1"], "name": ["Milk"], "quantity": [units]}
    assert "Not sent" in press(staff, "edit", world.pos.pk, part.pk, **values)
    assert not PosList.objects.filter(edited__isnull=False).exists()


def test_drift_is_mended_once(staff, world):
    row = drift(world)
    assert "Take the POS" in shown(staff, world)
    assert "done" in press(staff, "drift", world.pos.pk, row.pk, repair=1)
    assert "before" in press(staff, "drift", world.pos.pk, row.pk, repair=1)
    assert PosDrift.objects.get().settled_by == "ann"


def test_what_cannot_be_mended_can_be_left(staff, world):
    part = world.part()
    row = drift(world, kind="receipt_missing", key=part.public_id, fulfillment=part, item=None)
    assert "Nothing was done" in press(staff, "drift", world.pos.pk, row.pk, repair=1)
    press(staff, "drift", world.pos.pk, row.pk, dismiss=1)
    assert PosDrift.objects.get().settled_how == "dismissed"


def test_a_check_is_asked_for_once(staff, world):
    assert "being compared" in press(staff, "check", world.pos.pk)
    assert "under way" in press(staff, "check", world.pos.pk)
    assert PosCheck.objects.get().asked_by == "ann"


def test_a_ping_says_whether_it_answers(staff, world):
    assert "It answers" in press(staff, "ping", world.pos.pk)
    world.till.fail_with = [ConnectorError("no connection: NewConnectionError")]
    assert "does not answer" in press(staff, "ping", world.pos.pk)


def test_an_answer_about_nothing_is_dismissed(staff, world):
    row = PosWaiting.objects.create(
        connection=world.pos,
        type="pick_list.acknowledged",
        named="ful_<b>x</b>",
        data={},
        received_at=clock.now(),
    )
    assert "ful_&lt;b&gt;x" in shown(staff, world)
    press(staff, "waiting", world.pos.pk, row.pk)
    assert "ful_" not in shown(staff, world).split("Checks")[0].split("disagree")[1]


def test_a_file_is_tried_and_nothing_kept(staff, world, tmp_path):
    world.pos.connector, world.pos.layout = "files", {"answer": {"fulfillment_id": "BELEG"}}
    world.pos.save()
    path = tmp_path / "answers.csv"
    path.write_text("BELEG\nful_1\n")
    with path.open("rb") as file:
        values = {"file": file, "kind": "answers"}
        text = staff.post(page("try", world.pos.pk), values).content.decode()
    assert "has the pick list" in text
    assert "ful_1" in text
    with path.open("rb") as file:
        values = {"file": file, "kind": "receipts"}
        text = staff.post(page("try", world.pos.pk), values).content.decode()
    assert "could not be read" in text


# --- settings -------------------------------------------------------------------------------------


def saved(staff, world, **values):
    values = {
        "store": world.store.pk,
        "connector": "webhook",
        "base_url": "https://pos.example",
        "layout": "{}",
        "active": "on",
    } | values
    reply = staff.post(page("change", world.pos.pk), values)
    world.pos.refresh_from_db()
    return reply.status_code == 302


def test_a_layout_is_kept_when_it_can_be(staff, world):
    layout = '{"format": "json", "answer": {"result": "STATUS"}}'
    assert saved(staff, world, connector="files", base_url="", layout=layout)
    assert layout_of(world.pos.layout).format == "json"
    for odd in ('{"format": "xml"}', "[1]", "{", '{"answer": {"result": "reason"}}'):
        assert not saved(staff, world, connector="files", base_url="", layout=odd)


@pytest.mark.parametrize(
    "url", ["", "https://10.0.0.1/pos", "https://169.254.169.254/", "http://pos.example"]
)
def test_an_address_that_may_not_be_called_is_refused(staff, world, settings, url):
    settings.PRIVATE_NETWORKS = []
    assert not saved(staff, world, base_url=url)


def test_a_private_address_on_the_list_is_taken(staff, world, settings):
    settings.PRIVATE_NETWORKS = ["10.0.0.0/24"]
    assert saved(staff, world, base_url="http://10.0.0.1:8080/pos")


# --- who ------------------------------------------------------------------------------------------


def test_people_see_the_pos_of_their_stores_only_and_only_those_who_may_change_it(client, world):
    other = World()
    person = make_person()
    StaffScope.objects.create(user=person, store=world.store)
    names = ["view_posconnection"]
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(person)
    assert client.get(page("state", world.pos.pk)).status_code == 200
    assert client.get(page("state", other.pos.pk)).status_code == 404
    assert client.get(page("state", 2**70)).status_code == 404
    assert client.post(page("ping", world.pos.pk)).status_code == 404
    assert client.get(page("ping", world.pos.pk)).status_code == 405


def test_nobody_reaches_another_stores_rows_through_their_own_pos(staff, world):
    other = World()
    part, row = other.part(), drift(other)
    assert staff.get(page("edit", world.pos.pk, part.pk)).status_code == 404
    assert staff.post(page("drift", world.pos.pk, row.pk), {"repair": 1}).status_code == 404


def test_what_needs_a_person_is_among_the_exceptions(world):
    part = world.part()
    Breaker.objects.create(
        key=f"pos:{world.store.pk}", state="open", opened_at=clock.now(), last_error="refused"
    )
    PosList.objects.create(fulfillment=part, alarmed_at=clock.now())
    Delivery.objects.filter(lane=f"pos:{world.store.pk}").update(
        state="parked", last_error="HTTP 422"
    )
    PosWaiting.objects.create(
        connection=world.pos,
        type="x",
        named="ful_x",
        data={},
        received_at=clock.now(),
        given_up_at=clock.now(),
    )
    drift(world)
    stores = type(world.store).objects.filter(pk=world.store.pk)
    titles = {problem.title for problem in problems(stores)}
    assert titles >= {
        "POS out of reach",
        "POS has not answered",
        "POS could not be told",
        "POS answer without order",
        "POS and hub disagree",
    }
    assert not {one.title for one in problems(type(world.store).objects.none())}


def test_a_new_connection_shows_its_secret_once(staff, world):
    store = World().store
    PosConnection.objects.filter(store=store).delete()
    values = {
        "store": store.pk,
        "connector": "files",
        "base_url": "",
        "layout": "{}",
        "active": "on",
    }
    reply = staff.post(page("add"), values)
    made = PosConnection.objects.get(store=store)
    assert made.secret in reply.content.decode()


def test_many_pos_out_of_reach_elsewhere_hide_none_of_ones_own(world):
    away = {"state": "open", "opened_at": clock.now(), "last_error": "no route"}
    others = [Breaker(key=f"pos:9{number:06}", **away) for number in range(60)]
    Breaker.objects.bulk_create([*others, Breaker(key=f"pos:{world.store.pk}", **away)])
    stores = type(world.store).objects.filter(pk=world.store.pk)
    assert [one.title for one in problems(stores)] == ["POS out of reach"]
