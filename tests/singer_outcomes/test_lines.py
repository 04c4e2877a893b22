"""Lines appended to a file are whole, whatever was killed before."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from singer_outcomes.lines import append, sift

if TYPE_CHECKING:
    from pathlib import Path


def test_lines_follow_a_torn_one_on_a_line_of_their_own(tmp_path: Path) -> None:
    """Only their owner can read them."""
    path = tmp_path / "deep" / "lines.jsonl"
    append(path, b"1\n2")
    append(path, b"3\n")
    append(path, b"")
    assert path.read_bytes() == b"1\n2\n3\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lines_are_taken_out_of_a_file_and_others_follow(tmp_path: Path) -> None:
    """What a run that was killed left beside it goes as well."""
    path, beside = tmp_path / "lines.jsonl", tmp_path / "lines.jsonl.new"
    sift(path, lambda _: True)
    assert not path.exists()
    append(path, b"1\n2\n3\n")
    beside.write_bytes(b"2\n")
    sift(path, lambda line: line == b"2\n")
    append(path, b"4\n")
    assert path.read_bytes() == b"1\n3\n4\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not beside.exists()
