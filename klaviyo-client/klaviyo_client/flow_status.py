"""Where a person stands in a flow, told from the messages of it that they received.

No endpoint of Klaviyo's lists who is inside a flow. What is told here is derived, and `basis` says
from what; someone whom a flow has sent nothing yet cannot be seen. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from klaviyo_client.flow_graph import FlowGraph, FlowMessage
    from klaviyo_client.flows import Flow

ENTERED, ACTIVE, FINISHED = "entered", "active", "finished"
BY_DELAYS = "last_mail_and_delays"
NOT_LIVE = "flow_not_live"
UNREADABLE = "definition_unreadable"

SLACK = timedelta(hours=1)  # Klaviyo sends a little later than the delay says
UNKNOWN_REST = timedelta(days=30)  # where the definition does not tell how long a flow takes


class Received(NamedTuple):
    """One message of the flow that a person received."""

    at: datetime
    message_id: str | None


class Status(NamedTuple):
    """A person's status in a flow.

    `entered`: they got its first message, more can come. `active`: they got a later one, more can
    come. `finished`: nothing can come any more. `entered_at` is their first message of this pass;
    `step` is null for a message that the flow no longer has. `until`: when they are through, if no
    other message comes; None where that cannot happen or has happened by the flow's own end.
    """

    status: str
    entered_at: datetime
    last_step_at: datetime
    last_message_id: str | None
    last_message_name: str | None
    step: int | None
    steps: int
    basis: str
    until: datetime | None


def status(
    received: Iterable[Received], graph: FlowGraph, *, live: bool, now: datetime
) -> Status | None:
    """Where a person stands now; None for somebody who received nothing by now.

    Args:
        received: messages of this one flow to this one person, in any order.
        graph: the flow's messages; an unreadable one is judged by the last message's age.
        live: whether the flow may still send.
        now: messages dated later are left out.
    """
    by_id = {each.id: each for each in graph.messages}

    def order(each: Received) -> tuple[datetime, int]:
        """Of two in one second the earlier step comes first."""
        message = by_id.get(each.message_id or "")
        return each.at, message.position if message else 0

    seen = sorted((each for each in received if each.at <= now), key=order)
    if not seen:
        return None
    latest = _latest_pass(seen, by_id, graph)
    last = latest[-1]
    message = by_id.get(last.message_id or "")
    until = last.at + _rest(message, graph)
    if not live:
        state, basis = FINISHED, NOT_LIVE
    elif until <= now:
        state, basis = FINISHED, _basis(graph)
    else:
        first = message.position == 1 if message else len(latest) == 1
        state, basis = ENTERED if first else ACTIVE, _basis(graph)
    return Status(
        state,
        latest[0].at,
        last.at,
        last.message_id,
        message.name if message else None,
        message.position if message else None,
        graph.steps,
        basis,
        until if live else None,
    )


def standing(flow: Flow, received: Sequence[Received], now: datetime) -> Status | None:
    """Where a person stands; who was through before the flow was ended, was through by itself."""
    found = status(received, flow.graph, live=flow.live, now=now)
    if found is None or flow.live or flow.updated_at is None:
        return found
    ended = datetime.fromisoformat(flow.updated_at)
    then = status(received, flow.graph, live=True, now=ended)
    by_itself = then and then.status == FINISHED and then.last_step_at == found.last_step_at
    return then if by_itself else found


def longest_pass(graph: FlowGraph) -> timedelta:
    """How long somebody can be on the way through a flow, at most."""
    return graph.longest + SLACK if graph.readable else max(graph.longest, UNKNOWN_REST)


def _basis(graph: FlowGraph) -> str:
    return BY_DELAYS if graph.readable else UNREADABLE


def _rest(message: FlowMessage | None, graph: FlowGraph) -> timedelta:
    """How long after a message another one can come, at most."""
    if message is None or not graph.readable:  # a message taken out: anything may follow it
        return longest_pass(graph)
    return timedelta() if message.rest is None else message.rest + SLACK


def _latest_pass(
    seen: list[Received], by_id: dict[str, FlowMessage], graph: FlowGraph
) -> list[Received]:
    """The messages since the person last entered: who enters again begins anew."""
    latest: list[Received] = []
    reached = 0
    for each in seen:
        message = by_id.get(each.message_id or "")
        position = message.position if message else None
        again = position is not None and position <= reached
        if latest and (again or each.at - latest[-1].at > longest_pass(graph)):
            latest, reached = [], 0
        latest.append(each)
        reached = position or reached
    return latest
