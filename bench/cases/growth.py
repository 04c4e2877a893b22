"""Case g: ten times as many people must cost ten times as much, and no more memory."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from bench.cases.profiles import ALLOWED, CHOICE
from bench.loading import Loading
from bench.plugins import ROOT
from bench.processes import Command

if TYPE_CHECKING:
    from pathlib import Path

    from bench.running import Bench

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
RECORDED = 1_000  # fans whose records are told over and over


def run(bench: Bench) -> None:
    """The target alone, fed by a process that makes people up; the largest once."""
    recorded = bench.recorded("fans", CHOICE, RECORDED)
    loading = Loading(bench, CHOICE, ALLOWED)
    for size in SIZES:
        people = bench.sized(size)
        once = partial(loading.fed, generated(recorded, people))
        runs = 1 if size == SIZES[-1] else None
        bench.measure("g", f"growth: {people:,} people", once, runs=runs)


def generated(recorded: Path, count: int, *more: str) -> Command:
    """The process that tells of so many people."""
    script = str(ROOT / "bench" / "people.py")
    return Command("generator", [sys.executable, script, str(recorded), str(count), *more])
