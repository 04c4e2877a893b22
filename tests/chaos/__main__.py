"""`make chaos`: many scenarios at once, and a table of what they came to."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.group import end_with_parent, trials
from chaos.planting import PLANTS
from chaos.scenario import PER_WORKLOAD
from chaos.workload import KINDS

if TYPE_CHECKING:
    from chaos.trial import Report

SHOWN, WIDTH = 12, 400  # differences of one scenario, characters of each
PATIENCE = 3600  # seconds
LOGS = Path("output/chaos")


def main() -> None:
    """Run the scenarios asked for; exit 1 on any difference."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--scenarios", type=int, default=200, help="how many, from number 0 on")
    parser.add_argument("--scenario", type=int, help="only the one of this number")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--jobs", type=int, default=2, help="sandboxes at once")
    parser.add_argument("--kinds", default=",".join(KINDS), help="of streams, separated by commas")
    parser.add_argument("--plant", default="", choices=["", *PLANTS], help="a difference to find")
    asked = parser.parse_args()
    numbers = range(asked.scenarios) if asked.scenario is None else [asked.scenario]
    groups = [
        [number for number in numbers if number // PER_WORKLOAD == workload]
        for workload in sorted({number // PER_WORKLOAD for number in numbers})
    ]
    began = time.monotonic()
    reports: list[Report] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.jobs, context, end_with_parent) as pool:
        work = [
            pool.submit(trials, asked.seed, group, tuple(asked.kinds.split(",")), asked.plant)
            for group in groups
        ]
        for done in as_completed(work, timeout=PATIENCE):
            some = done.result()
            reports += some
            _tell(some, len(reports), len(numbers), time.monotonic() - began)
    if asked.scenario is not None:
        _say(*reports[0].logs)
    _table(reports, inputs=len(groups), seconds=time.monotonic() - began)
    sys.exit(any(report.differences for report in reports))


def _tell(reports: list[Report], done: int, of: int, seconds: float) -> None:
    """A line for each input that is done, and what was found."""
    kills = sum(each.kills for each in reports)
    struck = sum(each.struck for each in reports)
    last = f"{kills} kills and {struck} faults in the last {len(reports)}"
    lines = [f"{done:4}/{of} scenarios after {seconds:.0f} s; {last}"]
    for report in reports:
        if report.differences:
            lines.append(f"  {report.scenario}: {len(report.differences)} differences")
            lines += [f"    {each[:WIDTH]}" for each in report.differences[:SHOWN]]
            lines.append(f"    its logs: {_keep(report)}")
    _say(*lines)


def _keep(report: Report) -> Path:
    """Put the logs of a scenario's runs into a file of their own."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"seed-{report.scenario.seed}-scenario-{report.scenario.number}.log"
    path.write_text("\n".join(report.logs))
    return path


def _table(reports: list[Report], *, inputs: int, seconds: float) -> None:
    rows = {
        "scenarios": len(reports),
        "inputs": inputs,
        "runs of the command": sum(each.runs for each in reports) + inputs,
        "two runs at once": sum(each.scenario.twins for each in reports),
        "kills": sum(each.kills for each in reports),
        "faults ordered": sum(each.ordered for each in reports),
        "faults struck": sum(each.struck for each in reports),
        "reruns": len(reports),
        "differences": sum(len(each.differences) for each in reports),
        "seconds": round(seconds),
    }
    _say("", *(f"{name:<20} {number:>8,}" for name, number in rows.items()))


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.umask(0o077)
    main()
