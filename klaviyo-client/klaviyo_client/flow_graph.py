"""What a flow's actions say of its messages: which follow which, and after how long at most.

Pure. Actions are as `GET /api/flows?include=flow-actions` tells their definitions (2026-07-15).
"""

from __future__ import annotations

from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Action = dict[str, Any]

CHANNELS = {
    "send-email": "email",
    "send-sms": "sms",
    "send-mobile-push": "push",
    "send-whatsapp": "whatsapp",
}
EXPERIMENTS = frozenset({"ab-test", "content-experiment"})
SILENT = frozenset({"draft", "disabled"})  # statuses of an action that sends nothing
_UNITS = {"days": "days", "hours": "hours", "minutes": "minutes", "weeks": "weeks"}
_KNOWN = {*_UNITS, "months"}
_SECONDARY = {"days": "hours", "hours": "minutes"}  # what `secondary_value` counts
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_NOTHING = timedelta()


class FlowMessage(NamedTuple):
    """A message that a flow sends.

    `position` counts messages on the longest way from the entry, this one included; a branch that
    is not taken makes no difference. `before` is the longest wait since the message before it, or
    since the entry; `rest` the longest until the last message that can follow, None where none can.
    """

    id: str
    name: str | None
    subject: str | None
    channel: str
    action_id: str
    position: int
    before: timedelta
    rest: timedelta | None


class FlowGraph(NamedTuple):
    """The messages of one flow in their order.

    `longest`: from the entry to the last message, at most. `readable` is false where an action's
    definition is missing or waits for something that has no date; then `rest` and `longest` say
    too little.
    """

    messages: tuple[FlowMessage, ...] = ()
    steps: int = 0
    longest: timedelta = _NOTHING
    readable: bool = False


def graph(actions: Iterable[Action], triggers: Sequence[Mapping[str, Any]] = ()) -> FlowGraph:
    """The messages of these actions; `triggers` only matter to waits for a person's date."""
    known = {str(each["id"]): each for each in actions if each.get("id")}
    after = {each: [s for s in _successors(known[each]) if s in known] for each in known}
    before: dict[str, list[str]] = {each: [] for each in known}
    for each, following in after.items():
        for one in following:
            before[one].append(each)
    try:
        order = tuple(TopologicalSorter(before).static_order())
    except CycleError:
        order, readable = tuple(known), False
        after = {each: [] for each in known}
    else:
        readable = bool(known)
    waits = {each: _wait(known[each], triggers) for each in known}
    readable = readable and None not in waits.values()
    lengths = {each: wait or _NOTHING for each, wait in waits.items()}
    sending = {each for each in known if _sends(known[each])}
    rests = _rests(order, after, lengths, sending)
    positions, since = _positions(order, before, lengths, sending)
    messages = [
        FlowMessage(*found, each, positions[each] + 1, before=since[each], rest=rests[each])
        for each in order
        for found in messages_of(known[each])
    ]
    messages.sort(key=lambda each: each.position)
    roots = [each for each in order if not before[each]]
    whole = [_reach(each, rests, lengths, sending) or _NOTHING for each in roots]
    return FlowGraph(
        tuple(messages),
        max((positions[each] + 1 for each in sending), default=0),
        max(whole, default=_NOTHING),
        readable,
    )


def messages_of(action: Action) -> Iterator[tuple[str, str | None, str | None, str]]:
    """Id, name, subject and channel of what an action sends, variations of a test included."""
    data = action.get("data") or {}
    if action.get("type") in EXPERIMENTS:
        variations = (data.get("current_experiment") or {}).get("variations") or ()
        seen = set()
        for one in (data.get("main_action"), *variations):
            for found in messages_of(one or {}):
                if found[0] not in seen:
                    seen.add(found[0])
                    yield found
        return
    message = data.get("message") or {}
    channel = CHANNELS.get(str(action.get("type")))
    if channel and message.get("id"):
        subject = message.get("subject_line") or message.get("title")
        yield str(message["id"]), message.get("name") or subject, subject, channel


def is_message(action: Action) -> bool:
    """Whether an action is there to send to the person."""
    return action.get("type") in CHANNELS or action.get("type") in EXPERIMENTS


def waits_for_a_date(action: Action) -> bool:
    """Whether only the flow's trigger tells how long an action waits."""
    return action.get("type") == "countdown-delay"


def _sends(action: Action) -> bool:
    return is_message(action) and (action.get("data") or {}).get("status") not in SILENT


def _successors(action: Action) -> Iterator[str]:
    links = [action.get("links") or {}]
    links += [each.get("links") or {} for each in (action.get("data") or {}).get("branches") or ()]
    for each in links:
        for name in ("next", "next_if_true", "next_if_false"):
            if each.get(name):
                yield str(each[name])


def _wait(action: Action, triggers: Sequence[Mapping[str, Any]]) -> timedelta | None:
    """How long an action keeps people, at most; None where nothing says."""
    data = action.get("data") or {}
    unit = data.get("unit") or "days"
    match action.get("type"):
        case kind if kind in {None, "back-in-stock-delay"} or unit not in _KNOWN:
            return None
        case "time-delay":
            wait = _length(unit, data.get("value"))
            if unit in _SECONDARY and data.get("secondary_value"):
                wait += timedelta(**{_SECONDARY[unit]: data["secondary_value"]})
            return wait + _until(data)
        case "countdown-delay":
            ahead = [
                _length(each.get("timedelta_unit_before_date") or "days", value)
                for each in triggers
                if (each.get("timedelta_unit_before_date") or "days") in _KNOWN
                and (value := each.get("timedelta_value_before_date")) is not None
            ]
            if not ahead:
                return None
            # A negative count of days before the date is a time after it.
            left = _length(unit, data.get("value") or 0)
            return max(ahead[0] - left, _NOTHING) + _until(data)
        case "target-date":
            return _WEEK if data.get("target_days") else _DAY
        case _:
            return _NOTHING


def _until(data: Mapping[str, Any]) -> timedelta:
    """What waiting for an hour of the day or a day of the week adds, at most."""
    if data.get("delay_until_weekdays"):
        return _WEEK
    return _DAY if data.get("delay_until_time") else _NOTHING


def _length(unit: str, value: Any) -> timedelta:
    if unit == "months":
        return timedelta(days=31 * int(value or 0))
    return timedelta(**{_UNITS[unit]: int(value or 0)})


def _rests(
    order: Sequence[str],
    after: Mapping[str, list[str]],
    lengths: Mapping[str, timedelta],
    sending: set[str],
) -> dict[str, timedelta | None]:
    """By action: the longest time until the last message after it."""
    rests: dict[str, timedelta | None] = {}
    for each in reversed(order):
        reached = [_reach(one, rests, lengths, sending) for one in after[each]]
        rests[each] = max((one for one in reached if one is not None), default=None)
    return rests


def _reach(
    each: str,
    rests: Mapping[str, timedelta | None],
    lengths: Mapping[str, timedelta],
    sending: set[str],
) -> timedelta | None:
    """From arriving at an action to the last message, its own included; None: there is none."""
    rest = rests[each]
    if each in sending:
        return rest or _NOTHING
    return None if rest is None else lengths[each] + rest


def _positions(
    order: Sequence[str],
    before: Mapping[str, list[str]],
    lengths: Mapping[str, timedelta],
    sending: set[str],
) -> tuple[dict[str, int], dict[str, timedelta]]:
    """By action: messages sent before it, and the longest wait since the last of them."""
    positions: dict[str, int] = {}
    since: dict[str, timedelta] = {}
    for each in order:
        earlier = [one for one in before[each] if one in positions]
        positions[each] = max((positions[one] + (one in sending) for one in earlier), default=0)
        since[each] = max(
            (_NOTHING if one in sending else since[one] + lengths[one] for one in earlier),
            default=_NOTHING,
        )
    return positions, since
