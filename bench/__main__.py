"""`make bench`: how fast the plugins are, as whole processes against the sandbox."""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.cases import CASES
from bench.plugins import ROOT
from bench.processes import stop_on_sigterm
from bench.running import Bench
from bench.table import heading, say

SCALE = 0.1  # ends within 15 minutes on two cores
OUT = ROOT / "output" / "bench.json"


def main() -> None:
    """Run the chosen cases; a table on the way, a JSON file at the end."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--case", default="".join(CASES), help="letters, such as a or ab")
    parser.add_argument("--scale", type=float, default=SCALE, help="1: a million fans")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    stop_on_sigterm()
    began = time.monotonic()
    say(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    say(f"Scale {asked.scale:g}, {asked.runs} runs each.\n")
    heading()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(scale=asked.scale, runs=asked.runs, folder=Path(folder))
        for letter in asked.case:
            CASES[letter](bench)
    document = {
        "at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "machine": {"platform": platform.platform(), "cores": os.cpu_count()},
        "python": platform.python_version(),
        "scale": asked.scale,
        "lines": [line.told() for line in bench.lines],
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_bytes(msgspec.json.format(msgspec.json.encode(document)) + b"\n")
    say(f"\n{time.monotonic() - began:,.0f} s; all figures in {asked.out}")


if __name__ == "__main__":
    main()
