"""Numbers as tables for a person; everything here is told to stderr or stdout, never logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from singer_outcomes.history import LOAD
from singer_outcomes.summary import FATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from singer_outcomes.grouped import Group
    from singer_outcomes.history import Run
    from singer_outcomes.replay import Replay

_EFFORT = ("requests", "waited_seconds", "seconds")


def show_summary(summary: dict[str, Any]) -> None:
    """The table of one run, on stderr: a row a stream, a column a fate that occurred."""
    streams = summary["streams"]
    columns = [
        name
        for name in (*FATES, *_EFFORT)
        if name in ("read", "seconds") or any(each.get(name) for each in streams.values())
    ]
    rows = [
        [stream, *(_shown(each.get(name, 0)) for name in columns)]
        for stream, each in streams.items()
    ]
    console = Console(stderr=True)
    console.print()
    console.print(table(["stream", *columns], rows, right=range(1, len(columns) + 1)))
    lines = [
        f"{stream}: {number:,} {fate}: {reason}"
        for stream, each in streams.items()
        for fate, reasons in (("rejected", "reasons"), ("withheld", "withheld_reasons"))
        for reason, number in each.get(reasons, {}).items()
    ]
    lines += [f"{number:,} x {note}" for note, number in summary["notes"].items()]
    for line in (*lines, f"{summary['seconds']} s"):
        console.out(line, highlight=False)


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()
) -> Table:
    """A plain table; numbers stand to the right."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    aligned = set(right)
    for place, head in enumerate(heads):
        made.add_column(head, justify="right" if place in aligned else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(each) for each in row))  # as it is: brackets are no markup
    return made


def _shown(value: float) -> str:
    return f"{value:,}" if value else "0"


def show_groups(groups: Sequence[Group], path: str) -> None:
    """Rejects by reason; the next step stands below each, as wide as the terminal."""
    console = Console()
    for each in groups:
        console.out(f"{each['count']:,} x {each['stream']}: {each['reason']}", highlight=False)
        facts = Table.grid(padding=(0, 2), pad_edge=False)
        replayable = each["replayable"]
        facts.add_row("  newest", Text(f"{each['newest']}  key {each['key'] or '-'}"))
        facts.add_row("  replay", f"{replayable:,} of {each['count']:,} can be replayed")
        facts.add_row("  next", Text(each["next_step"]))
        console.print(facts)
    total = sum(each["count"] for each in groups)
    console.out(f"{total:,} rejects in {path}", highlight=False)


def show_replay(replay: Replay, counts: Mapping[str, Mapping[str, Any]]) -> None:
    """What became of each line that was replayed."""
    console = Console()
    for stream, number in sorted(replay.succeeded.items()):
        fates = ", ".join(
            f"{counts[stream][fate]:,} {fate}"
            for fate in FATES[2:-1]
            if counts.get(stream, {}).get(fate)
        )
        console.out(f"{stream}: {number:,} no longer rejected ({fates})", highlight=False)
    for (stream, why), number in sorted(replay.left.items()):
        console.out(f"{stream}: {number:,} left: {why}", highlight=False)
    for stream, each in counts.items():
        for reason, number in each.get("reasons", {}).items():
            console.out(f"{stream}: {number:,} x {reason}", highlight=False)
    if not replay.succeeded and not replay.left:
        console.out("Nothing to replay.", highlight=False)


def show_history(runs: Sequence[Run]) -> None:
    """One row a run and stream."""
    rows: list[list[str]] = []
    for run in runs:
        seconds = "" if run["seconds"] is None else f"{run['seconds']:,.0f} s"
        what = "" if run["command"] == LOAD else f"{run['command']}: "
        streams = sorted(run["streams"].items()) or [("", {})]
        for place, (stream, each) in enumerate(streams):
            fates = ", ".join(
                f"{each[fate]:,} {fate}" for fate in FATES if each.get(fate) and fate != "rejected"
            )
            rejected = f"{each['rejected']:,}" if each.get("rejected") else ""
            first = [run["started"], seconds] if place == 0 else ["", ""]
            told = f"{what}{stream} {fates}".strip(": ") if stream else what.rstrip(": ")
            rows.append([*first, told, rejected, run["outcome"] if place == 0 else ""])
    heads = ("started", "took", "what", "rejects", "outcome")
    Console().print(table(heads, rows, right=(1, 3)))
