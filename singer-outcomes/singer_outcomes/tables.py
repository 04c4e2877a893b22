"""Numbers as tables for a person; everything here is told to stderr or stdout, never logged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from singer_outcomes.summary import FATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
