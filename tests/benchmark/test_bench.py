"""The bench and its guard, as they are run, but small."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench.calibration import work
from bench.guard import measured
from bench.processes import Command, FailedError, run
from bench.subjects import Subject

ROOT = Path(__file__).parents[2]


def _module(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON file of one case, at a thousandth of its size."""
    out = tmp_path_factory.mktemp("bench") / "bench.json"
    done = _module("bench", "--case", "d", "--scale", "0.001", "--runs", "1", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "reading fans: 50 ms" in done.stdout
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def test_a_case_tells_what_was_asked_for(told: dict[str, Any]) -> None:
    """Items, requests, CPU and memory of each process come from real ones."""
    first, second, third = told["lines"]
    assert first["items"] == second["items"] == third["items"] == [300, 300, 300]
    assert first["requests"][0] > 3
    assert third["rate"][0] <= 300 / 0.1  # a page comes after the one before it, 100 ms each
    for line in told["lines"]:
        assert (
            line["cpu_seconds_per_100000"]["tap"][0] > line["cpu_seconds_per_100000"]["nevent"][0]
        )
        assert 30 < line["peak_mb"]["tap"] < 300


def test_the_guard_fails_when_something_costs_more(tmp_path: Path) -> None:
    """It compares the real plugin with what is on record: here less than any noise can hide."""
    path = tmp_path / "guard.json"
    path.write_text('{"engagement": -1000000}', encoding="utf-8")
    small = ("--only", "engagement", "--scale", "0.05", "--rounds", "1")
    done = _module("bench.guard", *small, "--recorded", str(path))
    assert done.returncode == 1
    assert "slower than recorded: engagement" in done.stderr


def test_a_start_is_no_part_of_what_an_item_costs() -> None:
    """A quarter of it would hide in what Python itself takes."""

    def burn(times: int) -> float:
        return sum(work() for _ in range(times))

    # The work is the unit: 1 and 40, by a third or so, which is how busy a machine may become
    # between two measurements. With the start they would be 21 and 60.
    few, many = (
        measured(Subject(1_000, lambda: burn(20), partial(burn, 20 + more)), 1) for more in (1, 40)
    )
    assert few < 12
    assert many > 20


def test_each_process_of_a_pipe_has_its_own_account(tmp_path: Path) -> None:
    """One that works is told from one that waits for it."""
    work = "import time\nwhile time.process_time() < 0.5: pass\nprint('done')"
    memory = "import sys\nheld = bytearray(60_000_000)\nprint(sys.stdin.read())"
    names = ("works", "waits")
    commands = [
        Command(name, [sys.executable, "-c", text])
        for name, text in zip(names, (work, memory), strict=True)
    ]
    told = tmp_path / "told"
    ran = run(commands, tmp_path, told=told)
    assert told.read_text(encoding="utf-8").strip() == "done"
    assert ran.usages["works"].cpu >= 0.5 > ran.usages["waits"].cpu
    assert ran.usages["waits"].peak > 60_000_000 > ran.usages["works"].peak


def test_a_process_that_fails_is_no_measurement(tmp_path: Path) -> None:
    """The end of its log says why."""
    failing = Command("breaks", [sys.executable, "-c", "raise SystemExit('no key')"])
    with pytest.raises(FailedError, match="no key"):
        run([failing], tmp_path)
