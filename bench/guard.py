"""`make guard`: no plugin may need a quarter more CPU per item than was recorded.

CPU is told in units of a fixed piece of work (`calibration`) that is done all the while, so that
a slow or busy machine does not look like slow code.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from bench.calibration import Pulse
from bench.processes import stop_on_sigterm
from bench.subjects import NAMES, Yard
from bench.table import say

if TYPE_CHECKING:
    from bench.subjects import Subject

RECORDED = Path(__file__).with_name("guard.json")
MOST = 1.25  # of what was recorded
CLEARLY = 1.1  # of it: a single round, which is a tenth off at times, would let more pass by luck
ROUNDS = 5  # before something counts as slower


def measured(subject: Subject, rounds: int, enough: float = 0) -> float:
    """CPU of 1,000 items in units of the calibration, the median of several rounds.

    Args:
        subject: what is measured.
        rounds: at most.
        enough: a result that needs no other round. One below nothing always does: what else the
            machine did outweighed it.
    """
    busy: list[float] = []
    idle: list[float] = []
    found = float("inf")
    while len(busy) < rounds and not 0 < found <= enough:
        for spent, act in ((idle, subject.idle), (busy, subject.busy)):
            with Pulse() as pulse:
                seconds = act()
            spent.append(seconds / pulse.unit)
        found = (median(busy) - median(idle)) * 1_000 / subject.items
    return found


def main(arguments: list[str] | None = None) -> None:
    """Compare with what is recorded, exit 1 where something has become slower; or record."""
    parser = argparse.ArgumentParser(prog="make guard", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write what is measured instead")
    parser.add_argument("--only", choices=NAMES, action="append")
    parser.add_argument("--recorded", type=Path, default=RECORDED)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="at most")
    parser.add_argument("--scale", type=float, default=1, help="of the input")
    asked = parser.parse_args(arguments)
    stop_on_sigterm()
    began = time.monotonic()
    path: Path = asked.recorded
    known: dict[str, float] = msgspec.json.decode(path.read_bytes()) if path.exists() else {}
    slower, faster = [], []
    say(f"{'CPU of 1,000 items, in units':<32} {'recorded':>9} {'now':>9}")
    with tempfile.TemporaryDirectory() as folder, Yard(Path(folder), asked.scale) as yard:
        for name in asked.only or NAMES:
            before = known.get(name, 0.0)
            subject = yard.subject(name)
            if asked.record:
                now = known[name] = round(measured(subject, asked.rounds), 3)
            else:
                now = measured(subject, asked.rounds, before * CLEARLY)
            say(f"{name:<32} {before:>9.3f} {now:>9.3f} {_change(before, now)}")
            if not 0 < now <= before * MOST:
                slower.append(name)
            if now < before / MOST:
                faster.append(name)
    say(f"{time.monotonic() - began:,.0f} s")
    if faster and not asked.record:
        say(f"Much faster: {', '.join(faster)}. Record it, or it may be lost unseen.")
    if asked.record:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(known)) + b"\n")
    elif slower:
        sys.exit(
            f"More than {MOST - 1:.0%} slower than recorded: {', '.join(slower)}. If that is what "
            "it has to cost, say why in the commit and record it: make guard RECORD=1"
        )


def _change(before: float, now: float) -> str:
    return f"{now / before - 1:+.0%}" if before else ""


if __name__ == "__main__":
    main()
