"""The rejects file: every rejected record once, with its reason, for its owner's eyes."""

from __future__ import annotations

import stat
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from singer_outcomes.rejects import Reject, RejectsFile, read_rejects, record_hash

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
        ("r2", "no"),
        ("r1", "no r1"),
        ("r2", "no r2"),
    ]


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
