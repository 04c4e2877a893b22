"""What a run tells: counts, effort, and how far it is."""

from __future__ import annotations

import json
import logging
import os
import pty
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from singer_outcomes import progress
from singer_outcomes.progress import Progress
from singer_outcomes.reader import FastReader
from singer_outcomes.summary import FATES, Summary

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

LOGGER = logging.getLogger("target-things")


def test_each_stream_has_its_counts_reasons_requests_and_seconds() -> None:
    """A request that carries two streams counts for both."""
    summary = Summary()
    summary.count("a", "read", 5)
    summary.count("a", "written", 2)
    summary.count("a", "planned")
    summary.reject("a", "too long")
    summary.withhold("a", "opted out")
    summary.count("b", "read")
    summary.request(["a", "a", "b"], waited=1.25)
    summary.request(["a"], waited=0.5)
    told = summary.as_dict(retries=1)
    assert told["streams"]["a"] == {
        "read": 5,
        "written": 2,
        "planned": 1,
        "withheld": 1,
        "rejected": 1,
        "reasons": {"too long": 1},
        "withheld_reasons": {"opted out": 1},
        "requests": 2,
        "waited_seconds": 1.8,
        "seconds": 0.0,
    }
    assert told["streams"]["b"] == {"read": 1, "requests": 1, "waited_seconds": 1.2, "seconds": 0.0}
    assert told["retries"] == 1
    assert summary.counts()["b"] == {"read": 1}


def test_every_fate_counts_as_settled() -> None:
    """What is under way is what was read and met none."""
    summary = Summary()
    summary.count("a", "read", len(FATES) + 1)
    for fate in FATES[1:]:
        summary.count("a", fate)
    assert "11 read, 9 settled" in summary.progress()
    assert "2 under way, 1 rejected" in summary.progress()


def test_a_run_without_a_terminal_logs_its_progress(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Rate, done and left, by the clock."""
    monkeypatch.setattr(progress, "TELL_EVERY", 0.01)
    told = threading.Event()
    caplog.set_level(logging.INFO)

    def share() -> float:
        told.set()
        return 0.25

    summary = Summary()
    summary.count("a", "read", 3)
    telling = Progress(summary, LOGGER, share=share)
    telling.start()
    assert told.wait(60)
    telling.stop()
    (line, *_) = caplog.messages
    assert line.startswith("Progress: 3 read, 0 settled (0/s), 3 under way, 0 rejected; 25% of the")
    assert line.endswith("s left")


def test_how_much_of_a_file_was_read_is_known_and_of_a_pipe_is_not(tmp_path: Path) -> None:
    """A pipe may go on for ever."""
    lines = [json.dumps({"type": "STATE", "value": number}).encode() for number in range(10_000)]
    (tmp_path / "in.singer").write_bytes(b"\n".join(lines))
    shares: list[float | None] = []
    reader = FastReader()
    with (tmp_path / "in.singer").open("rb") as file:
        reader.process_lines(file, {"STATE": lambda _: shares.append(reader.share())})
    assert shares[0] is not None
    assert 0 < shares[0] < 0.5
    assert shares[-1] == 1
    assert reader.share() is None, "the file is closed"
    ends = os.pipe()
    os.write(ends[1], lines[0])
    os.close(ends[1])
    with os.fdopen(ends[0], "rb") as pipe:
        reader.process_lines(pipe, {"STATE": lambda _: shares.append(reader.share())})
    assert shares[-1] is None


RUN = """
import logging, sys, threading
from singer_sdk._logging import _setup_console_logging
from singer_outcomes import progress
from singer_outcomes.summary import Summary
_setup_console_logging(log_level="INFO")
progress.DRAW_EVERY = 0.01
drawn = threading.Semaphore(0)
def share():
    drawn.release()
    return 0.5
summary = Summary()
summary.count("things[1]", "read", 3)
summary.count("things[1]", "written", 2)
summary.reject("things[1]", "name [bold]")
telling = progress.Progress(summary, logging.getLogger("target-things"), share=share)
telling.start()
for _ in range(4): drawn.acquire()
logging.getLogger("target-things").info("a line [in] the log " + "x" * 200)
with telling.beside():
    sys.stdout.write('{"bookmark": 1}\\n'); sys.stdout.flush()
for _ in range(4): drawn.acquire()
telling.stop()
logging.getLogger("target-things").info("afterwards")
summary.log(logging.getLogger("target-things"))
"""


def _at_a_terminal(code: str) -> tuple[str, str]:
    """What a program writes to stdout, and to a terminal as stderr."""
    ours, its = pty.openpty()
    environment: dict[str, Any] = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=its, env=environment
    )
    os.close(its)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.stdout is not None
    with process.stdout as out:
        stdout = out.read().decode()
    assert process.wait() == 0, shown
    return stdout, shown.decode()


def test_at_a_terminal_a_bar_stands_below_whole_log_lines() -> None:
    """No progress lines; a log line is not broken, and the state goes to stdout alone."""
    stdout, shown = _at_a_terminal(RUN)
    assert stdout == '{"bookmark": 1}\n'
    assert "3 settled" in shown
    assert "50% of the input" in shown
    assert "Progress: " not in shown
    assert f"a line [in] the log {'x' * 200}\r\n" in shown
    assert "| afterwards\r\n" in shown
    assert 'Summary: {"seconds"' in shown


def test_at_a_terminal_the_summary_is_a_table_as_well() -> None:
    """Only columns in which something happened; brackets stand as they are."""
    _, shown = _at_a_terminal(RUN)
    table = shown.rpartition("Summary: ")[2]
    for part in ("things[1]", "written", "rejected", "things[1]: 1 rejected: name [bold]"):
        assert part in table
    assert "merged" not in table
