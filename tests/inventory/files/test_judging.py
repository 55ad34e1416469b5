"""What is counted twice is found however it is told, and refused by the line where it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.models import ItemCode, RefusedLine
from inventory.services.feeding import looking
from inventory.services.feeding.judging import Once
from tests.factories import make_item, make_store
from tests.inventory.files.doing import on_hand, refused, run

ROWS = st.lists(
    st.tuples(st.sampled_from(["S1", "S2", None]), st.sampled_from(["I1", "I2", "I3", None])),
    max_size=8,
)


@pytest.fixture(params=[7, 2**20])
def blocks(request, monkeypatch):
    """Blocks that split the file at every second line, or not at all."""
    monkeypatch.setattr("inventory.feeds.rows.BLOCK", request.param)


@given(st.lists(ROWS, max_size=3))
def test_whoever_is_sure_that_nothing_is_counted_twice_is_right(batches):
    once = Once()

    for rows in batches:
        once.look([store for store, _ in rows], [item for _, item in rows])

    counts = [row for rows in batches for row in rows if None not in row]
    assert not once.sure or len(set(counts)) == len(counts)


def test_one_is_sure_of_stores_that_stand_together_and_name_an_item_once():
    once = Once()

    once.look(["S1", "S1", None, "S2"], ["I1", None, "I1", "I1"])
    once.look(["S2", "S2", "S3"], ["I2", None, "I1"])

    assert once.sure


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rows", "twice"),
    [
        (["S1,MUG,3", "S1,TEA,4", "S1,MUG,5"], 4),
        (["S1,MUG,3", "S1,CASE,2"], 3),
        (["S1,CASE,2", "S1,MUG,3"], 3),
        (["S1,MUG,3", "S1,5901234123457,3"], 3),
        (["S1,MUG,3", "", "", "S2,MUG,4", "S1,MUG,3"], 6),
        (["S1,MUG,3", 'S1,"a', 'b",1', "S1,MUG,3"], 5),
        (["S1,MUG,3", ",,", "S1,NO,1", "S1,MUG,3"], 5),
    ],
)
@pytest.mark.usefixtures("blocks")
def test_the_first_count_of_goods_holds(store, items, rows, twice):
    make_store(code="S2")
    items["MUG"].gtin = "5901234123457"
    items["MUG"].save()
    ItemCode.objects.create(system="gtin", code="CASE", item=items["MUG"], units=12)

    file = run("store,sku,on_hand\n" + "\n".join(rows))

    assert (twice, "counted_twice") in refused(file)
    assert RefusedLine.objects.filter(code="counted_twice").count() == 1
    first = 24 if rows[0] == "S1,CASE,2" else 3
    assert on_hand()["S1", "MUG"] == first


@pytest.mark.django_db
def test_only_the_rows_of_a_chunk_are_held_against_each_other(store, monkeypatch):
    monkeypatch.setattr(looking, "CHUNK_LINES", 2)

    file = run("sku,on_hand\nMUG,3\nMUG,4\nTEA,1\nMUG,5\n", store=store)

    assert refused(file) == [(3, "counted_twice")]


@pytest.mark.django_db
def test_a_store_that_comes_back_is_named_by_the_line_where_it_does(store):
    make_store(code="S2")

    file = run("store,sku,on_hand\nS1,MUG,3\n\nS2,MUG,4\nS2,TEA,4\nS1,TEA,1\n", complete=True)

    assert (file.problem_code, file.problem[:7]) == ("store_scattered", "line 6:")


@pytest.mark.django_db
def test_many_goods_in_packs_and_bad_rows_are_told_apart(store, items):
    goods = [make_item(sku=f"G{number:02}") for number in range(40)]
    for item in goods:
        ItemCode.objects.create(system="gtin", code=f"P{item.sku}", item=item, units=6)
    lines = [f"{'P' * (n % 2)}{item.sku},{n}{'x' * (n % 10 == 7)}" for n, item in enumerate(goods)]

    file = run("sku,on_hand\n" + "\n".join(lines), store=store)

    assert refused(file) == [(n + 2, "invalid_quantity") for n in (7, 17, 27, 37)]
    expected = {("S1", f"G{n:02}"): n * (6 if n % 2 else 1) for n in range(40) if n % 10 != 7}
    assert on_hand() == expected
