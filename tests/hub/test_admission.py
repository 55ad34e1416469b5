"""The waiting room of a web process: one at a time, in turn, and told when it is full."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.signals import request_finished
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from hub import admission
from hub.admission import LONGEST_RETRY, ROOM, STAFF_ROOM, Admission, Crowd, Turns


@pytest.fixture(autouse=True)
def no_database(request, monkeypatch):
    """Only one test needs the real one: an answer that ends looks after its connection."""
    if "django_db" not in request.keywords:
        monkeypatch.setattr(Admission, "share_connections", lambda _self: None)
        monkeypatch.setattr(request_finished, "send", lambda **_: None)


class Server:
    """Calls an application as a web server does: from many threads at once."""

    def __init__(self, application):
        self.admitted = Admission(application)
        self.gate = threading.Event()

    def ask(self, path="/p/x", *, method="POST", **more):
        environ = RequestFactory().generic(method, path).environ | more
        told = {}

        def start(status, headers):
            told.update(status=int(status[:3]), headers=dict(headers))

        body = self.admitted(environ, start)
        told["body"] = b"".join(body)
        if hasattr(body, "close"):
            body.close()
        return told


def answering(response=None):
    """An application that answers at once."""

    def application(_environ, start_response):
        reply = response() if response else HttpResponse("well")
        start_response(f"{reply.status_code} .", list(reply.items()))
        return reply

    return application


def waiting_for(gate, inside):
    """An application that answers when the gate is open, and tells who is inside."""

    def application(_environ, start_response):
        inside.append(1)
        gate.wait(30)
        start_response("200 OK", [])
        return HttpResponse("well")

    return application


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_request_is_answered_as_ever():
    reply = Server(answering()).ask()
    assert (reply["status"], reply["body"]) == (200, b"well")


def test_one_is_served_at_a_time_and_all_who_fit_are_served():
    running, most = [], []

    def application(_environ, start_response):
        running.append(1)
        most.append(len(running))
        time.sleep(0.001)
        running.pop()
        start_response("200 OK", [])
        return HttpResponse("well")

    server = Server(application)
    server.admitted._seconds = 0.001
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda _: server.ask()["status"], range(200)))
    assert set(replies) == {200}
    assert max(most) == 1


def test_a_page_that_was_served_gets_its_styles_and_scripts_however_long_pages_take():
    gate, inside = threading.Event(), []
    server = Server(waiting_for(gate, inside))
    server.admitted._seconds = 1.0
    with ThreadPoolExecutor(32) as pool:
        asked = [pool.submit(server.ask, f"/static/{number}.css") for number in range(30)]
        until(lambda: len(server.admitted._turns._line) == 29)
        gate.set()
        assert {done.result(30)["status"] for done in asked} == {200}


def test_who_finds_the_room_full_is_told_when_to_come_again_and_staff_and_probes_get_in():
    gate, inside = threading.Event(), []
    server = Server(waiting_for(gate, inside))
    server.admitted._seconds = 0.001
    with ThreadPoolExecutor(ROOM + 3) as pool:
        waiting = [pool.submit(server.ask) for _ in range(ROOM + 1)]
        until(lambda: len(server.admitted._turns._line) == ROOM)
        began = time.monotonic()
        away, program = server.ask(), server.ask("/v1/visits/vis_1")
        assert time.monotonic() - began < 2
        let_in = [pool.submit(server.ask, path) for path in ("/admin/orders/", "/ready")]
        until(lambda: len(server.admitted._turns._line) == ROOM + 2)
        gate.set()
        assert {done.result(30)["status"] for done in [*waiting, *let_in]} == {200}
    assert (away["status"], program["status"]) == (503, 503)
    assert 1 <= int(away["headers"]["Retry-After"]) <= LONGEST_RETRY
    assert away["headers"]["Cache-Control"] == "no-store"
    problem = json.loads(program["body"])
    assert (problem["code"], problem["status"]) == ("busy", 503)
    assert server.ask()["status"] == 200
    assert STAFF_ROOM > ROOM


def test_whose_turn_does_not_come_gives_up_and_the_line_goes_on(monkeypatch):
    monkeypatch.setattr(admission, "PATIENCE", 0.05)
    gate, inside = threading.Event(), []
    server = Server(waiting_for(gate, inside))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(server.ask)
        until(lambda: inside)
        assert server.ask()["status"] == 503
        gate.set()
        assert first.result(30)["status"] == 200
    assert server.ask()["status"] == 200


def test_turns_are_taken_in_the_order_of_coming():
    turns, served = Turns(), []
    assert turns.take(room=0, patience=1)

    def come(number):
        assert turns.take(room=10, patience=30)
        served.append(number)
        turns.give_up()

    with ThreadPoolExecutor(5) as pool:
        for number in range(5):
            pool.submit(come, number)
            until(lambda most=number: len(turns._line) == most + 1)
        turns.give_up()
    assert served == [0, 1, 2, 3, 4]
    assert turns.take(room=0, patience=1)


@pytest.mark.parametrize("way", ["error", "stream", "forgotten"])
def test_a_turn_ends_however_the_answer_does(way):
    def fail():
        raise ValueError(way)

    made = fail if way == "error" else lambda: StreamingHttpResponse(iter([b"a", b"b"]))
    server = Server(answering(made))
    if way == "error":
        with pytest.raises(ValueError, match="error"):
            server.ask()
    elif way == "stream":
        assert server.ask()["body"] == b"ab"
    else:
        stream = server.admitted(RequestFactory().get("/").environ, lambda *_: None)
        assert server.admitted._turns._busy
        next(iter(stream))
        del stream
    assert not server.admitted._turns._busy


@pytest.mark.django_db(transaction=True)
def test_all_threads_use_one_database_connection():
    seen = set()

    def application(_environ, start_response):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            seen.add(cursor.fetchone()[0])
        start_response("200 OK", [])
        return HttpResponse("well")

    server = Server(application)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: server.ask()["status"], range(40)))
        assert set(replies) == {200}
    assert len(seen) == 1
    server.admitted._connections["default"].close()


def test_the_crowd_is_spread_over_the_time_it_takes_to_serve_it():
    now = [0.0]
    crowd = Crowd(lambda: now[0])
    for _ in range(50):
        crowd.count(served=True)
    assert {crowd.retry_after() for _ in range(50)} == {1, 2}
    for _ in range(100):
        crowd.count(served=False)
    assert 8 <= max(crowd.retry_after() for _ in range(300)) <= 10
    for _ in range(5000):
        crowd.count(served=False)
    assert 20 <= max(crowd.retry_after() for _ in range(300)) <= LONGEST_RETRY
    now[0] = 60.0
    assert {crowd.retry_after() for _ in range(50)} == {1, 2}


def test_the_slower_requests_are_the_fewer_people_wait_and_programs_wait_longer():
    admitted = Server(answering()).admitted
    admitted._seconds = 0.01
    assert admitted._room("/p/x") == ROOM
    admitted._seconds = 0.1
    assert admitted._room("/p/x") == pytest.approx(10)
    admitted._seconds = 5
    assert admitted._room("/p/x") == admission.LEAST_ROOM
    assert admitted._room("/v1/orders") == ROOM
    assert admitted._room("/admin/") == STAFF_ROOM
