"""Rows wait in order, one a person in a job, and the later word wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec
from singer_outcomes.queues import Kind, Origin, Queue, Row

if TYPE_CHECKING:
    from singer_outcomes.sink import OutcomeSink

MAX_ITEM, MAX_REQUEST = 1_000, 20_000  # bytes


def encode(body: dict[str, Any]) -> bytes:
    """A row's body."""
    return msgspec.json.encode(body)


def decode(body: bytes) -> dict[str, Any]:
    """What a row asks for."""
    found: dict[str, Any] = msgspec.json.decode(body)
    return found


def _merged(earlier: bytes, later: bytes) -> bytes:
    before, after = decode(earlier), decode(later)
    return encode({**before, **after, "x": {**before["x"], **after["x"]}})


def _later(_: bytes, later: bytes) -> bytes:
    return later


PROFILES = Kind("profiles", 0, 100, MAX_ITEM, MAX_REQUEST, _merged)
EVENTS = Kind("events", 1, 100, MAX_ITEM, MAX_REQUEST, _later, apart=False)
LIST_MEMBERS = Kind("list_members", 1, 100, MAX_ITEM, MAX_REQUEST, _later)
ORIGIN = Origin(cast("OutcomeSink", None), "key", cast("Any", None))


def _row(identity: str, *people: str, **properties: Any) -> Row:
    return Row(identity, (identity, *people), encode({"x": properties}), ORIGIN)


def _taken(queue: Queue, *busy: str, half: bool = False) -> list[tuple[str, Any]]:
    rows = queue.take(set(busy), half=half)
    return [(row.identity, decode(row.body)["x"]) for row in rows]


def test_two_rows_of_one_identity_are_one_item() -> None:
    """Field by field, last wins."""
    queue = Queue(PROFILES)
    queue.put(_row("ana", x=1, y=1))
    queue.put(_row("ana", x=2))
    assert len(queue) == 1
    assert _taken(queue) == [("ana", {"x": 2, "y": 1})]


def test_a_merged_row_is_found_by_what_its_first_row_is_found_by() -> None:
    """The e-mail leads, however many identifiers come with the later rows."""
    queue = Queue(PROFILES)
    for number in range(20):
        queue.put(_row("ana", f"id:{number}"))
    (row,) = queue.take(set(), half=False)
    assert row.people == ("ana", *(f"id:{number}" for number in range(20)))


def test_a_later_row_does_not_overtake_one_of_another_identity_that_came_between() -> None:
    """E-mail and phone, then the phone alone, then the e-mail alone: three words in order."""
    queue = Queue(PROFILES)
    queue.put(_row("ana", "600", x=1))
    queue.put(_row("600", x=2))
    queue.put(_row("ana", "600", x=3))
    assert [_taken(queue) for _ in range(3)] == [
        [("ana", {"x": 1})],
        [("600", {"x": 2})],
        [("ana", {"x": 3})],
    ]


def test_two_rows_too_large_for_one_item_stay_apart() -> None:
    """Each is acceptable; merged, the vendor would refuse both."""
    queue = Queue(PROFILES)
    half = "x" * (MAX_ITEM * 6 // 10)
    queue.put(_row("ana", a=half))
    queue.put(_row("ana", b=half))
    assert [list(_taken(queue)[0][1]) for _ in range(2)] == [["a"], ["b"]]


def test_people_in_an_open_job_wait_and_so_does_what_follows_them() -> None:
    """Their later row must not overtake the one that waits."""
    queue = Queue(PROFILES)
    for row in (_row("ana", "600", x=1), _row("600", x=2), _row("eva", x=3)):
        queue.put(row)
    assert _taken(queue, "ana") == [("eva", {"x": 3})]
    assert len(queue) == 2


def test_less_than_half_a_request_may_wait_for_more() -> None:
    """Half a request may not: one busy person in a batch must not stop the others."""
    queue = Queue(PROFILES)
    for number in range(PROFILES.max_items):
        queue.put(_row(f"fan{number}"))
    few = {f"fan{number}" for number in range(PROFILES.max_items // 2 + 1)}
    assert _taken(queue, *few, half=True) == []
    assert len(_taken(queue, "fan0", half=True)) == PROFILES.max_items - 1


def test_a_row_put_back_goes_first_and_under_what_came_meanwhile() -> None:
    """It is older: the newer row's fields win, and nothing of its person overtakes it."""
    queue = Queue(PROFILES)
    queue.put(_row("eva", x=0))
    queue.put(_row("ana", x=2))
    queue.put_back(_row("ana", x=1, y=1), lambda body: body)
    assert _taken(queue) == [("eva", {"x": 0}), ("ana", {"x": 2, "y": 1})]
    queue.put(_row("600", "ana", x=3))
    queue.put_back(_row("ana", x=1), lambda body: body)
    assert _taken(queue) == [("ana", {"x": 1})]
    assert _taken(queue) == [("600", {"x": 3})]


def test_an_event_read_twice_is_kept_once_and_others_of_its_person_beside_it() -> None:
    """Events stand for themselves: a request may hold many of one person."""
    queue = Queue(EVENTS)
    for identity in ("t1", "t2", "t1"):
        queue.put(_row(identity, "ana"))
    assert [identity for identity, _ in _taken(queue)] == ["t1", "t2"]


def test_rows_of_one_request_are_of_one_group_and_in_order() -> None:
    """What is added to a list and what is taken off it are two requests, a person's in order."""
    queue = Queue(LIST_MEMBERS)
    for identity, person, group in (("a", "ana", "add"), ("b", "eva", "remove"), ("c", "ana", "x")):
        queue.put(Row(identity, (person,), b"{}", ORIGIN, group=group))
    taken = [[row.identity for row in queue.take(set(), half=False)] for _ in range(3)]
    assert taken == [["a"], ["b"], ["c"]]


def test_a_person_who_waits_elsewhere_is_left_until_they_have_gone() -> None:
    """A profile goes before the events of its person; other people's events go meanwhile."""
    queue = Queue(EVENTS)
    for identity, person in (("t1", "ana"), ("t2", "eva")):
        queue.put(_row(identity, person))
    elsewhere = {"ana": 0}.keys()
    assert [row.identity for row in queue.take(set(), half=False, after=[elsewhere])] == ["t2"]


def test_rows_of_the_erased_are_taken_out_and_nobody_elses() -> None:
    """By any identifier."""
    queue = Queue(PROFILES)
    for row in (_row("ana", "600", x=1), _row("eva", x=2)):
        queue.put(row)
    assert [row.identity for row in queue.drop(["600", "nobody"])] == ["ana"]
    assert [identity for identity, _ in _taken(queue)] == ["eva"]


def test_a_row_put_back_does_not_win_over_rows_that_came_between() -> None:
    """Two later rows of its person wait apart; merged into the last one, it would go after both."""
    queue = Queue(PROFILES)
    queue.put(_row("ana", "600", x=2, y=2))
    queue.put(_row("600", z=0))
    queue.put(_row("ana", "600", y=3))
    queue.put_back(_row("ana", x=1), lambda body: body)
    order = [_taken(queue) for _ in range(4)]
    assert order == [[("ana", {"x": 1})], [("ana", {"x": 2, "y": 2})], [("600", {"z": 0})],
                     [("ana", {"y": 3})]]  # fmt: skip
