"""The rejects file: every rejected record once, with its reason, for its owner's eyes."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import threading
import tracemalloc
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from singer_outcomes.rejects import (
    Reject,
    RejectsFile,
    line_hash,
    read_lines,
    read_rejects,
    record_hash,
)

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def _reject(key: str = "1", record: dict[str, str] | None = None) -> Reject:
    record = record or {"email": "no"}
    return {
        "stream": "profiles",
        "key": key,
        "hash": record_hash(record),
        "reason": "email is not an address",
        "column": "email",
        "pointer": None,
        "record": record,
    }


def test_a_reject_is_in_the_file_when_write_returns(tmp_path: Path) -> None:
    """A kill right after it loses nothing."""
    rejects = RejectsFile(tmp_path / "rejects.jsonl", run="r1")
    rejects.write(_reject(), at=NOW)
    (line,) = read_rejects(tmp_path / "rejects.jsonl")
    assert line["reason"] == "email is not an address"
    assert line["record"] == {"email": "no"}
    assert line["run"] == "r1"


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    """It holds people."""
    path = tmp_path / "deep" / "rejects.jsonl"
    RejectsFile(path, run="r1").write(_reject(), at=NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_same_record_rejected_by_a_rerun_replaces_its_line(tmp_path: Path) -> None:
    """Identity is stream, key and content; another content of that key is another line."""
    path = tmp_path / "rejects.jsonl"
    for run in ("r1", "r2"):
        rejects = RejectsFile(path, run=run)
        rejects.write(_reject(), at=NOW)
        rejects.write(_reject(record={"email": f"no {run}"}), at=NOW)
        rejects.close()
    assert [(line["run"], line["record"]["email"]) for line in read_rejects(path)] == [
        ("r1", "no r1"),
        ("r2", "no"),
        ("r2", "no r2"),
    ]


def test_a_file_is_compacted_and_sifted_without_being_held_in_memory(tmp_path: Path) -> None:
    """An audience of millions has rejects by the hundred thousand."""
    path = tmp_path / "rejects.jsonl"
    for run in ("r1", "r2"):
        rejects = RejectsFile(path, run=run)
        for number in range(5_000):
            rejects.write(_reject(record={"id": str(number), "notes": "x" * 4_000}), at=NOW)
        rejects.flush()
    size = path.stat().st_size
    tracemalloc.start()
    try:
        rejects.close()
        rejects.sift(lambda reject: int(reject["record"]["id"]) % 2 == 0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(1 for _ in read_rejects(path)) == 2_500
    assert peak < size / 10


def test_a_run_without_rejects_leaves_one_line_of_what_a_killed_run_wrote_twice(
    tmp_path: Path,
) -> None:
    """A tap told the record twice; the run was killed, and the rerun had nothing to reject."""
    path = tmp_path / "rejects.jsonl"
    killed = RejectsFile(path, run="r1")
    killed.write(_reject(), at=NOW)
    killed.write(_reject(), at=NOW)
    RejectsFile(path, run="r2").close()
    assert [line["run"] for line in read_rejects(path)] == ["r1"]


def test_records_are_left_out_when_they_are_not_to_be_stored(tmp_path: Path) -> None:
    """Key and reason stay."""
    rejects = RejectsFile(tmp_path / "rejects.jsonl", run="r1", store_records=False)
    rejects.write(_reject(), at=NOW)
    (line,) = read_rejects(tmp_path / "rejects.jsonl")
    assert "record" not in line
    assert line["key"] == "1"


def test_many_writers_and_a_compaction_between_them_lose_no_line(tmp_path: Path) -> None:
    """Two runs on one file, from several threads."""
    path = tmp_path / "rejects.jsonl"

    def write(run: str) -> None:
        rejects = RejectsFile(path, run=run)
        for number in range(50):
            rejects.write(_reject(key=f"{run}-{number}"), at=NOW)
        rejects.close()

    threads = [threading.Thread(target=write, args=(f"r{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({line["key"] for line in read_rejects(path)}) == 200


def test_no_file_means_no_rejects(tmp_path: Path) -> None:
    """A clean run leaves none behind, and reading it is no error."""
    assert list(read_rejects(tmp_path / "none.jsonl")) == []


def test_a_line_torn_by_a_kill_harms_no_other(tmp_path: Path) -> None:
    """The next reject begins a line of its own; reading and compacting pass the torn one over."""
    path = tmp_path / "rejects.jsonl"
    path.write_bytes(b'{"stream":"profi')
    rejects = RejectsFile(path, run="r1")
    rejects.write(_reject(), at=NOW)
    rejects.write(_reject(), at=NOW)
    rejects.close()
    assert [line["key"] for line in read_rejects(path)] == ["1"]
    assert path.read_bytes().startswith(b'{"stream":"profi\n')


WRITING = """
import sys
from datetime import UTC, datetime
from singer_outcomes.rejects import RejectsFile, record_hash
rejects = RejectsFile(sys.argv[1], run=sys.argv[2])
for number in range(100):
    record = {"email": "no"}
    rejects.write(
        {"stream": "profiles", "key": f"{sys.argv[2]}-{number}", "hash": record_hash(record),
         "reason": "email is not an address", "column": "email", "pointer": None,
         "record": record},
        at=datetime.now(tz=UTC),
    )
    if number % 20 == 0:
        rejects.close()
        rejects.purge(["+34600112233"])
rejects.close()
"""


def test_processes_that_write_compact_and_purge_at_once_lose_no_line(tmp_path: Path) -> None:
    """Runs share the file; another identity of each is there once."""
    path = tmp_path / "rejects.jsonl"
    running = [
        subprocess.Popen([sys.executable, "-c", WRITING, str(path), f"r{number}"])
        for number in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    keys = [line["key"] for line in read_rejects(path)]
    assert (len(keys), len(set(keys))) == (300, 300)


ANA = ["ana@nevent-demo.es", "+34600112233", "id:f1"]


@pytest.mark.parametrize(
    "record",
    [
        {"email": "Ana@Nevent-Demo.es"},
        {"note": "write to <ANA@nevent-demo.es>."},
        {"ana@nevent-demo.es": 1},
        {"phone": "600 11 22 33"},
        {"phone": "0034 600-112-233"},
        {"phone_number": "+34600112233"},
        {"phone": 34600112233},
        {"external_id": "f1"},
        {"deep": [{"fan_id": "f1"}]},
        {"fanIds": ["f0", "f1"]},
        {"data": {"type": "profile", "id": "f1"}},
    ],
)
@pytest.mark.parametrize("part", ["record", "payload"])
def test_a_purge_takes_out_whoever_is_named_however_they_are_written(
    tmp_path: Path, record: dict[str, Any], part: str
) -> None:
    """Anywhere in record or payload; the other line stays as it was."""
    rejects = RejectsFile(tmp_path / "rejects.jsonl", run="r1")
    line = _reject(key="k")
    del line["record"]
    line.update({part: record})  # type: ignore[misc]  # either of two names
    rejects.write(line, at=NOW)
    rejects.write(_reject(key="other"), at=NOW)
    rejects.purge(ANA)
    assert [each["key"] for each in read_rejects(rejects.path)] == ["other"]


@pytest.mark.parametrize(
    "record",
    [
        {"email": "mariana@nevent-demo.es"},
        {"email": "ana@nevent-demo.es.com"},
        {"phone": "600112234"},
        {"phone": "7600112233"},
        {"city": "f1"},
        {"external_id": "f11"},
        {"paid": "f1", "at": "2026-05-01T20:30:00Z"},
    ],
)
def test_a_purge_leaves_everybody_else(tmp_path: Path, record: dict[str, Any]) -> None:
    """Who is merely alike."""
    rejects = RejectsFile(tmp_path / "rejects.jsonl", run="r1")
    rejects.write(_reject(record=record), at=NOW)
    before = rejects.path.read_bytes()
    rejects.purge(ANA)
    assert rejects.path.read_bytes() == before


@pytest.mark.parametrize("key", ["ANA@nevent-demo.es", "f1", "2026|f1", "+34 600 112 233"])
def test_a_purge_takes_out_lines_by_their_key(tmp_path: Path, key: str) -> None:
    """Where the record was not stored there is nothing else; torn lines are looked at as text."""
    rejects = RejectsFile(tmp_path / "rejects.jsonl", run="r1", store_records=False)
    rejects.write(_reject(key=key), at=NOW)
    with rejects.path.open("ab") as file:
        file.write(b'{"record":{"email":"ana@nevent-demo.es"')
    rejects.write(_reject(key="other"), at=NOW)
    rejects.purge(ANA)
    assert [each["key"] for each in read_rejects(rejects.path)] == ["other"]
    assert rejects.path.read_bytes().count(b"\n") == 1
    assert stat.S_IMODE(rejects.path.stat().st_mode) == 0o600


KILLED = """
import os, signal, sys
from singer_outcomes.rejects import RejectsFile
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)  # the new file is written, not in place
rejects = RejectsFile(sys.argv[1], run="r2")
rejects.count = 1
rejects.close() if sys.argv[2] == "compact" else rejects.purge(["ana@nevent-demo.es"])
"""


@pytest.mark.parametrize("what", ["compact", "purge"])
def test_killed_in_the_middle_the_file_is_as_it_was(tmp_path: Path, what: str) -> None:
    """Replaced as a whole or not at all; what was left beside it goes with the next."""
    path = tmp_path / "rejects.jsonl"
    rejects = RejectsFile(path, run="r1")
    for key in ("ana@nevent-demo.es", "other", "other"):
        rejects.write(_reject(key=key), at=NOW)
    rejects.flush()
    before = path.read_bytes()
    process = subprocess.run([sys.executable, "-c", KILLED, str(path), what], check=False)
    assert process.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    rejects.purge(["ana@nevent-demo.es"])
    rejects.close()
    assert [line["key"] for line in read_rejects(path)] == ["other"]
    assert {each.name for each in tmp_path.iterdir()} == {"rejects.jsonl", "rejects.jsonl.lock"}


def test_a_burst_of_rejects_is_on_file_when_flushed(tmp_path: Path) -> None:
    """The first one at once, the others together: before a STATE, a hundred, or after a second."""
    rejects = RejectsFile(tmp_path / "rejects.jsonl", run="r1")
    for number in range(3):
        rejects.write(_reject(key=str(number)), at=NOW)
    assert [each["key"] for each in read_rejects(rejects.path)] == ["0"]
    rejects.flush()
    assert [each["key"] for each in read_rejects(rejects.path)] == ["0", "1", "2"]
    for number in range(100):
        rejects.write(_reject(key=str(number)), at=NOW)
    assert len(list(read_rejects(rejects.path))) == 103


def test_a_purge_without_a_file_makes_none(tmp_path: Path) -> None:
    """Most runs have no rejects."""
    RejectsFile(tmp_path / "rejects.jsonl", run="r1").purge(ANA)
    assert list(tmp_path.iterdir()) == []


def test_what_is_removed_is_exactly_the_line_that_was_read(tmp_path: Path) -> None:
    """A later reject of the same record stays."""
    path = tmp_path / "rejects.jsonl"
    rejects = RejectsFile(path, run="r1")
    rejects.write(_reject(), at=NOW)
    ((line, _),) = read_lines(path)
    RejectsFile(path, run="r2").write(_reject(), at=NOW)
    rejects.remove({line_hash(line)})
    assert [each["run"] for each in read_rejects(path)] == ["r2"]


def test_a_line_of_the_version_before_is_read(tmp_path: Path) -> None:
    """It has no source."""
    path = tmp_path / "rejects.jsonl"
    path.write_text('{"run":"r","stream":"profiles","key":"1","hash":"h","reason":"x"}\n')
    (line,) = read_rejects(path)
    assert line.get("source") is None
