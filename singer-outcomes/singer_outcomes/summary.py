"""What happened, in numbers a person understands and a machine can read."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import logging

FATES = ("read", "filtered", "written", "accepted", "unchanged", "merged", "rejected")


class Summary:
    """Counts per stream, from any thread.

    Fates: `read` from the input; `filtered` by a map; `written` (the vendor says so); `accepted`
    (the vendor took it and has no job to ask); `unchanged`; `merged` into another row of the same
    person; `rejected`. Each record read ends in exactly one of the others.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self.fates: dict[str, Counter[str]] = {}
        self.reasons: dict[str, Counter[str]] = {}
        self.notes: Counter[str] = Counter()

    def count(self, stream: str, fate: str, number: int = 1) -> None:
        """Some records of a stream met this fate."""
        with self._lock:
            self.fates.setdefault(stream, Counter())[fate] += number

    def reject(self, stream: str, reason: str) -> None:
        """One record of a stream was rejected for this reason."""
        with self._lock:
            self.fates.setdefault(stream, Counter())["rejected"] += 1
            self.reasons.setdefault(stream, Counter())[reason] += 1

    def note(self, what: str, number: int = 1) -> None:
        """Something worth telling that is not a record's fate, such as a phone left out."""
        with self._lock:
            self.notes[what] += number

    def progress(self) -> str:
        """One line on the way: what was read and settled, and how fast."""
        with self._lock:
            totals = sum(self.fates.values(), Counter())
            seconds = time.monotonic() - self._started
        settled = sum(totals[fate] for fate in FATES[1:])
        waiting = totals["read"] - settled
        return (
            f"{totals['read']:,} read, {settled:,} settled ({settled / seconds:,.0f}/s), "
            f"{waiting:,} under way, {totals['rejected']:,} rejected"
        )

    def as_dict(self, **more: Any) -> dict[str, Any]:
        """All counts, with seconds and whatever the target adds (requests, waits)."""
        with self._lock:
            return {
                "seconds": round(time.monotonic() - self._started, 1),
                "streams": {
                    stream: {
                        **{fate: fates[fate] for fate in FATES if fates[fate] or fate == "read"},
                        **({"reasons": dict(self.reasons[stream])} if fates["rejected"] else {}),
                    }
                    for stream, fates in sorted(self.fates.items())
                },
                "notes": dict(self.notes),
                **more,
            }

    def log(self, logger: logging.Logger, **more: Any) -> None:
        """One JSON line in the log, always; a table as well where a person sits at a terminal."""
        summary = self.as_dict(**more)
        logger.info("Summary: %s", msgspec.json.encode(summary).decode())
        if sys.stderr.isatty():
            sys.stderr.write(_table(summary))


def _table(summary: dict[str, Any]) -> str:
    fates = [fate for fate in FATES if any(each.get(fate) for each in summary["streams"].values())]
    width = max([len(stream) for stream in summary["streams"]], default=0) + 2
    lines = ["", "".ljust(width) + "".join(fate.rjust(11) for fate in fates)]
    for stream, counts in summary["streams"].items():
        lines.append(
            stream.ljust(width) + "".join(f"{counts.get(f, 0):,}".rjust(11) for f in fates)
        )
        lines.extend(
            f"{'':{width}}{number:,} x {reason}"
            for reason, number in counts.get("reasons", {}).items()
        )
    lines.extend(f"{number:,} x {note}" for note, number in summary["notes"].items())
    lines.append(f"{summary['seconds']} s")
    return "\n".join(lines) + "\n"
