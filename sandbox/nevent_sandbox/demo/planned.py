"""A dry run's plan beside what the run that followed it really did."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from nevent_sandbox.demo.promises import Promise, writes

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, Any]

SLACK, SHARE = 3, 0.5  # by how much the number of one kind of request may differ


def nothing_written(requests: list[Row], profiles: int) -> Promise:
    """A dry run leaves Klaviyo as it is."""
    number = len(writes(requests))
    return Promise(f"dry run: {number} requests that write", number == 0 and profiles == 0)


def carried_out(
    plan: Row,
    profiles: int,
    shared: int,
    events: Counter[str],
    ledger: Iterable[Row],
    requests: list[Row],
) -> list[Promise]:
    """What was planned is what was done, from an empty account.

    Args:
        plan: as the loader tells it.
        profiles: in Klaviyo.
        shared: addresses that fans with different numbers share: which number comes last, and so
            whether the other one makes a profile of its own, only the run shows.
        events: in Klaviyo, by metric.
        ledger: the loader's record of consents.
        requests: all of the run.
    """
    new = plan["profiles"].get("new", 0)
    told = {metric: events[metric] for metric in plan["events"]}
    said = Counter(
        f"{each['decision']} {each['channel']}"
        for each in ledger
        if each["decision"] in {"subscribe", "unsubscribe"}
    )
    done = Counter(each["operation"] for each in writes(requests))
    return [
        Promise(
            f"planned {new} new profiles, made {profiles}"
            + (f"; {shared} addresses have several numbers" if new != profiles else ""),
            abs(new - profiles) <= shared,
        ),
        Promise(
            f"planned {sum(plan['events'].values())} events, sent {sum(told.values())}: the same "
            "of each metric",
            plan["events"] == told,
        ),
        Promise(
            f"planned {sum(plan['consents'].values())} consents, sent {said.total()}: the same of "
            "each kind and channel",
            plan["consents"] == said,
        ),
        _requests(plan["requests"], done),
    ]


def _requests(planned: Row, done: Counter[str]) -> Promise:
    """The same kinds of requests, about as many of each.

    A request is not always full: what waits for a job to end goes in a later one, and an item
    without the number that another profile has goes once more.
    """
    text = f"planned {sum(planned.values())} requests that write, sent {done.total()}"
    far = [
        name
        for name in planned.keys() | done.keys()
        if abs(done[name] - planned.get(name, 0)) > max(SLACK, SHARE * planned.get(name, 0))
    ]
    return Promise(f"{text} (not as many: {', '.join(sorted(far))})" if far else text, not far)
