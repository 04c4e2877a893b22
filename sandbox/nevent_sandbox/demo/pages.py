"""What the demonstration prints for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from nevent_sandbox.demo.audience import METRICS
from nevent_sandbox.demo.preferences import CHANNELS, SUBSCRIBED, UNSUBSCRIBED

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from nevent_sandbox.demo.audience import Audience
    from nevent_sandbox.demo.changes import Shown
    from nevent_sandbox.demo.fan import Pair
    from nevent_sandbox.demo.promises import Promise
    from nevent_sandbox.demo.sync import Sync
    from nevent_sandbox.demo.way_back import Came

Row = dict[str, Any]

_MARKS = {True: "[green]✓[/]", False: "[bold red]✗[/]"}
_LONGEST = 60


def table(title: str, *columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table of our looks."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def plan(sync: Sync) -> str:
    """A dry run's plan in words; its rejects are those of the run that follows."""
    lines = [line for line in sync.in_words if not line.startswith("  rejected ")]
    rejects = sum(map(sum, (each.values() for each in sync.plan["rejects"].values())))
    return "\n".join([*lines, f"  rejected: {rejects:,} records"])


def arrived(
    audience: Audience, sync: Sync, klaviyo: Row, metrics: Counter[str], requests: int
) -> Table:
    """How much is in Klaviyo, and what it took."""
    made = table("What arrived in Klaviyo", "", "", right=())
    made.add_row("fans known to Nevent", f"{audience.known:,}")
    made.add_row("of these consent to third parties", f"{len(audience.fans):,}")
    made.add_row("profiles", f"{klaviyo['profiles']:,}")
    for each in klaviyo["lists"]:
        made.add_row(f"list '{each['name']}'", f"{each['profile_count']:,} members")
    for metric in METRICS:
        made.add_row(f"events '{metric}'", f"{metrics[metric]:,}")
    own = metrics.total() - sum(metrics[metric] for metric in METRICS)
    made.add_row("Klaviyo's own events of consent and lists", f"{own:,}")
    made.add_row("import jobs", f"{len(klaviyo['jobs']):,}, all {_statuses(klaviyo['jobs'])}")
    made.add_row("requests to Klaviyo", f"{requests:,}")
    made.add_row("seconds", f"{sync.seconds:.1f}, of which loading {sync.summary.get('seconds')}")
    return made


def consents(counts: Mapping[str, Counter[str]], withheld: Mapping[str, Counter[str]]) -> Table:
    """Who may be mailed and texted, and what was said but not passed on."""
    made = table("Consent in Klaviyo", "channel", "subscribed", "unsubscribed", "not passed on")
    for channel, name in CHANNELS.items():
        found = counts[channel]
        reasons = "\n".join(f"{n:,} {why}" for why, n in withheld[channel].most_common())
        made.add_row(name, f"{found[SUBSCRIBED]:,}", f"{found[UNSUBSCRIBED]:,}", reasons)
    return made


def rejected(sync: Sync, path: str) -> Table | None:
    """Why records were rejected; None where none was."""
    reasons = [
        (stream, number, reason)
        for stream, counts in sync.streams.items()
        for reason, number in counts.get("reasons", {}).items()
    ]
    if not reasons:
        return None
    made = table(f"Rejected, each noted in {path}", "stream", "records", "reason")
    for stream, number, reason in reasons:
        made.add_row(stream, f"{number:,}", reason)
    return made


def side_by_side(name: str, pairs: Iterable[Pair]) -> Table:
    """One fan's properties on both sides."""
    made = table(f"One fan in full: {escape(name)}", "property", "in Nevent", "in Klaviyo", "")
    for pair in pairs:
        mark = "" if pair.same is None else _MARKS[pair.same]
        made.add_row(pair.name, _short(pair.nevent), _short(pair.klaviyo), mark)
    return made


def events_of(events: Iterable[Row]) -> Table:
    """One fan's events."""
    made = table("and the events", "when", "metric", "value", "properties")
    for event in events:
        value = "" if event.get("value") is None else f"{event['value']:g}"
        told = ", ".join(f"{k}={_short(v)}" for k, v in event["properties"].items())
        made.add_row(str(event["time"])[:16], event["metric"], value, told)
    return made


def day(lines: Iterable[Shown]) -> Table:
    """What changed in a day, and what was sent because of it."""
    made = table("One day later", "what changed in Nevent", "for whom", "what was sent")
    for line in lines:
        made.add_row(line.what, _short(line.whom), line.sent)
    return made


def week(lines: Iterable[Came], sync: Sync) -> Table:
    """What happened in Klaviyo, and what of it arrived in Nevent."""
    seconds = sync.back.get("seconds")
    made = table(f"The way back ({seconds} s)", "in Klaviyo", "how many", "in Nevent", right=())
    for line in lines:
        made.add_row(line.what, f"{line.happened:,}", line.arrived)
    return made


def promises(console: Console, kept: Iterable[Promise]) -> None:
    """Each promise and whether it is true."""
    for each in kept:
        console.print(f"{_MARKS[each.kept]} {escape(each.text)}", highlight=False)


def _statuses(jobs: Iterable[Row]) -> str:
    return ", ".join(sorted({each["status"] for each in jobs})) or "none"


def _short(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value)) or "(none)"
    text = "" if value is None else str(value)
    return escape(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")
