"""Where a person stands in a flow, as told from the messages they received."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from klaviyo_client.flow_graph import FlowGraph, graph
from klaviyo_client.flow_status import Received, Status, status

Action = dict[str, Any]

START = datetime(2026, 5, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def mail(name: str, following: str | None = None, *, state: str = "live") -> Action:
    """An action that sends a mail of this name."""
    message = {"id": f"m-{name}", "name": name, "subject_line": f"{name}!"}
    data = {"message": message, "status": state}
    return {"id": name, "type": "send-email", "links": {"next": following}, "data": data}


def wait(name: str, following: str, days: int, **more: Any) -> Action:
    """An action that waits some days."""
    data = {"unit": "days", "value": days, **more}
    return {"id": name, "type": "time-delay", "links": {"next": following}, "data": data}


def thanks() -> FlowGraph:
    """A mail at once, one after three days, one after four more."""
    mails = [mail("one", "d1"), mail("two", "d2"), mail("three")]
    return graph([*mails, wait("d1", "two", 3), wait("d2", "three", 4)])


def stands(flow: FlowGraph, now: timedelta, *days: tuple[int, str], live: bool = True) -> Status:
    """The status after these mails, each some days after the start."""
    received = [Received(START + day * DAY, f"m-{name}") for day, name in days]
    found = status(received, flow, live=live, now=START + now)
    assert found is not None
    return found


def test_messages_stand_in_their_order_with_the_wait_before_each() -> None:
    """The order of the actions does not matter, their links do."""
    found = thanks()
    assert [(each.name, each.position, each.before) for each in found.messages] == [
        ("one", 1, 0 * DAY),
        ("two", 2, 3 * DAY),
        ("three", 3, 4 * DAY),
    ]
    assert (found.steps, found.longest, found.readable) == (3, 7 * DAY, True)


def test_of_branches_the_longer_one_counts() -> None:
    """Nothing says which branch a person took."""
    split = {
        "id": "split",
        "type": "conditional-split",
        "links": {"next_if_true": "yes", "next_if_false": "d"},
    }
    found = graph([mail("one", "split"), split, mail("yes"), wait("d", "no", 9), mail("no")])
    rests = {each.name: each.rest for each in found.messages}
    assert rests == {"one": 9 * DAY, "yes": None, "no": None}
    assert found.steps == 2


def test_a_split_into_many_branches_is_followed() -> None:
    """Its links are those of its branches."""
    branches = [{"branch_id": each, "links": {"next": each}} for each in ("a", "b")]
    split = {"id": "split", "type": "multi-branch-split", "data": {"branches": branches}}
    found = graph([mail("one", "split"), split, mail("a"), mail("b")])
    assert {each.name: each.position for each in found.messages} == {"one": 1, "a": 2, "b": 2}


def test_what_is_no_longer_sent_is_not_waited_for() -> None:
    """A draft mail, and a wait with nothing after it, end nothing later."""
    mails = [mail("one", "d1"), mail("two", "d2", state="draft")]
    found = graph([*mails, wait("d1", "two", 3), wait("d2", "nothing", 30)])
    assert (found.steps, found.messages[0].rest, found.longest) == (1, None, 0 * DAY)


def test_a_wait_for_a_time_or_weekday_may_take_that_much_longer() -> None:
    """Nobody is called finished while Klaviyo may still wait for ten o'clock, or for Friday."""
    until_ten = wait("d", "two", 3, delay_until_time="10:00:00", secondary_value=5)
    until_friday = wait("d", "two", 3, delay_until_weekdays=["friday"])
    longest = [
        graph([mail("one", "d"), each, mail("two")]).longest for each in (until_ten, until_friday)
    ]
    assert longest == [4 * DAY + timedelta(hours=5), 10 * DAY]


def test_a_countdown_takes_what_is_left_until_the_date() -> None:
    """The trigger says how long before the date people enter."""
    countdown = {
        "id": "c",
        "type": "countdown-delay",
        "links": {"next": "two"},
        "data": {"unit": "days", "value": 2},
    }
    actions = [mail("one", "c"), countdown, mail("two")]
    trigger = {"timedelta_unit_before_date": "weeks", "timedelta_value_before_date": 1}
    assert graph(actions, [trigger]).longest == 5 * DAY
    assert not graph(actions).readable


@pytest.mark.parametrize(
    "actions",
    [
        [],
        [{"id": "x"}],
        [mail("one", "back"), {"id": "back", "type": "back-in-stock-delay"}],
        [mail("one", "two"), mail("two", "one")],
        [
            mail("one", "wait"),
            {"id": "wait", "type": "time-delay", "data": {"unit": "fortnights", "value": 1}},
        ],
    ],
    ids=["empty", "untold", "waits for stock", "circle", "new unit"],
)
def test_a_flow_that_does_not_tell_its_delays_is_unreadable(actions: list[Action]) -> None:
    """It is judged by the last mail's age then, and says so."""
    found = graph(actions)
    assert not found.readable
    early = stands(found, 29 * DAY, (0, "one"))
    late = stands(found, 31 * DAY, (0, "one"))
    assert (early.status, late.status) == ("entered", "finished")
    assert {early.basis, late.basis} == {"definition_unreadable"}


def test_all_messages_of_a_test_are_one_step() -> None:
    """Each variation's message is known, and received once."""
    test = {
        "id": "t",
        "type": "ab-test",
        "links": {"next": None},
        "data": {
            "main_action": mail("a"),
            "current_experiment": {"variations": [mail("a"), mail("b")]},
            "status": "live",
        },
    }
    found = graph([mail("one", "t"), test])
    assert [(each.id, each.position) for each in found.messages] == [
        ("m-one", 1),
        ("m-a", 2),
        ("m-b", 2),
    ]


def test_a_person_enters_goes_on_and_is_finished() -> None:
    """The whole life in a flow."""
    flow, life = thanks(), ((0, "one"), (3, "two"), (7, "three"))
    entered = stands(flow, 1 * DAY, *life)
    active = stands(flow, 4 * DAY, *life)
    finished = stands(flow, 7 * DAY, *life)
    assert [each.status for each in (entered, active, finished)] == [
        "entered",
        "active",
        "finished",
    ]
    assert [each.step for each in (entered, active, finished)] == [1, 2, 3]
    assert {each.basis for each in (entered, active, finished)} == {"last_mail_and_delays"}
    assert (active.entered_at, active.last_step_at) == (START, START + 3 * DAY)
    assert (active.last_message_id, active.last_message_name) == ("m-two", "two")


def test_somebody_who_left_is_finished_when_nothing_can_come_any_more() -> None:
    """Not before: a mail that was skipped may be followed by another."""
    flow = thanks()
    assert stands(flow, 6 * DAY, (0, "one")).status == "entered"
    assert stands(flow, 8 * DAY, (0, "one")).status == "finished"


def test_who_enters_again_begins_anew() -> None:
    """The second pass counts, with its own entry."""
    again = stands(thanks(), 22 * DAY, (0, "one"), (3, "two"), (7, "three"), (21, "one"))
    assert (again.status, again.step, again.entered_at) == ("entered", 1, START + 21 * DAY)


def test_a_pass_that_skipped_its_first_mail_is_told_apart_by_time() -> None:
    """After more than the flow takes, it cannot be the same pass."""
    again = stands(thanks(), 30 * DAY, (0, "one"), (29, "two"))
    assert (again.status, again.entered_at) == ("active", START + 29 * DAY)


def test_two_messages_of_one_second_are_two_steps_in_their_order() -> None:
    """However they are told: nobody entered again."""
    found = stands(thanks(), 1 * DAY, (0, "two"), (0, "one"))
    assert (found.status, found.step, found.last_message_name) == ("active", 2, "two")


def test_nobody_moves_in_a_flow_that_is_not_live() -> None:
    """Whatever its delays say."""
    found = stands(thanks(), 1 * DAY, (0, "one"), live=False)
    assert (found.status, found.basis) == ("finished", "flow_not_live")


def test_a_message_taken_out_of_the_flow_leaves_time_for_all_of_it() -> None:
    """Where in the flow the person is cannot be told, that they are in it can."""
    early = stands(thanks(), 6 * DAY, (0, "gone"))
    assert (early.status, early.step, early.last_message_id) == ("entered", None, "m-gone")
    assert stands(thanks(), 8 * DAY, (0, "gone")).status == "finished"


def test_what_is_dated_ahead_has_not_been_received_yet() -> None:
    """A future-dated event moves nobody."""
    received = [Received(START + DAY, "m-one")]
    assert status(received, thanks(), live=True, now=START) is None
