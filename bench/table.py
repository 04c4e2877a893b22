"""The table for people: a line as soon as it is known."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.figures import Line

PROCESSES = ("tap", "target", "meltano", "nevent", "klaviyo")
Spread = tuple[float, float, float]


def heading() -> None:
    """What the columns are."""
    say(
        "CPU: seconds of one core per 100,000 items (case f: per run), and peak memory, of each "
        "process. Medians of the runs, with least and most.\n"
    )
    processes = " ".join(f"{name:>14}" for name in PROCESSES)
    say(
        f"{'':<44} {'items':>9} {'items/s':>22} {'share':>16} {'requests':>8} {'writes':>6} "
        f"{'429':>4} {'waited':>7} {'whole':>7} {processes}"
    )


def tell(line: Line) -> None:
    """One line."""
    processes = " ".join(f"{_process(line, name):>14}" for name in PROCESSES)
    share = line.figure("share")
    percent = (share[0] * 100, share[1] * 100, share[2] * 100) if share else None
    say(
        f"{line.case} {line.what:<42} {_plain(line.figure('items')):>9} "
        f"{_spread(line.figure('rate')):>22} {_spread(percent, '%'):>16} "
        f"{_plain(line.figure('requests')):>8} {_plain(line.figure('writes')):>6} "
        f"{_plain(line.figure('refused')):>4} "
        f"{_plain(line.figure('waited'), ' s'):>7} {_plain(line.figure('whole_seconds'), ' s'):>7} "
        f"{processes}"
    )


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text.rstrip()}\n")
    sys.stdout.flush()


def _spread(found: Spread | None, unit: str = "") -> str:
    if found is None:
        return "-"
    middle, least, most = found
    if least == most:
        return f"{middle:,.0f}{unit}"
    return f"{middle:,.0f}{unit} ({least:,.0f}-{most:,.0f})"


def _plain(found: Spread | None, unit: str = "") -> str:
    if found is None:
        return "-"
    return f"{found[0]:,.1f}{unit}" if unit else f"{found[0]:,.0f}"


def _process(line: Line, name: str) -> str:
    cpu, peak = line.cpu(name), line.peak(name)
    if cpu is None or peak is None:
        return "-"
    return f"{cpu[0]:.2f} s {peak:.0f} MB"
