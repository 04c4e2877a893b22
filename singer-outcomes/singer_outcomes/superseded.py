"""Rejects of records that have been loaded since: their lines leave the file."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from singer_outcomes.rejects import line_hash, read_lines

if TYPE_CHECKING:
    from singer_outcomes.rejects import RejectsFile

LOADED = frozenset({"written", "accepted", "unchanged"})


class Superseded:
    """Lines that were in the file before this run, and whose record this run loads.

    Replayed later, they would put back what was written since. Any thread may tell.
    """

    def __init__(self, rejects: RejectsFile) -> None:
        self._rejects = rejects
        self._lock = threading.Lock()
        self._lines: dict[tuple[str, str], list[bytes]] = {}  # hashes
        self._done: set[bytes] = set()  # hashes
        for line, reject in read_lines(rejects.path):
            if reject["key"]:
                known = self._lines.setdefault((reject["stream"], reject["key"]), [])
                known.append(line_hash(line))

    @property
    def expected(self) -> bool:
        """Whether there are any such lines."""
        return bool(self._lines)

    def loaded(self, stream: str, key: str) -> None:
        """A record with this key of this stream was loaded."""
        if lines := self._lines.get((stream, key)):
            with self._lock:
                self._done.update(lines)

    def remove(self) -> None:
        """Take them out of the file."""
        if self._done:
            self._rejects.remove(self._done)
