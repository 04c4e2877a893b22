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
    from collections.abc import Iterable

FATES = (
    "read",
    "filtered",
    "written",
    "accepted",
    "planned",
    "unchanged",
    "merged",
    "withheld",
    "unknown",
    "rejected",
)


class Summary:
    """Counts per stream, from any thread.

    Fates: `read` from the input; `filtered` by a map; `written` (the vendor says so); `accepted`
    (the vendor took it and has no job to ask); `planned` (a dry run would have sent it);
    `unchanged` (the vendor has it already); `merged` into another row of the same person;
    `withheld` (a rule says it must not be sent); `unknown` (about somebody whom the vendor does not
    know); `rejected`. Each record read ends in exactly one of the others.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self.fates: dict[str, Counter[str]] = {}
        self.reasons: dict[str, Counter[str]] = {}
        self.withheld: dict[str, Counter[str]] = {}
        self.notes: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()
        self._waited: Counter[str] = Counter()  # seconds
        self._began: dict[str, float] = {}
        self._ended: dict[str, float] = {}

    def reading(self, stream: str) -> Counter[str]:
        """The counts of a stream; the one thread that reads it counts `read` and `filtered` itself.

        No other thread counts these two, so it needs no lock for each record.
        """
        with self._lock:
            self._began.setdefault(stream, time.monotonic())
            counts = self.fates.setdefault(stream, Counter())
            for fate in ("read", "filtered"):
                counts.setdefault(fate, 0)  # a new key would disturb whoever sums up meanwhile
            return counts

    def count(self, stream: str, fate: str, number: int = 1) -> None:
        """Some records of a stream met this fate."""
        with self._lock:
            self._count(stream, fate, number)

    def reject(self, stream: str, reason: str) -> None:
        """One record of a stream was rejected for this reason."""
        with self._lock:
            self._count(stream, "rejected", 1)
            self.reasons.setdefault(stream, Counter())[reason] += 1

    def withhold(self, stream: str, reason: str) -> None:
        """One record of a stream was not sent, as this rule says."""
        with self._lock:
            self._count(stream, "withheld", 1)
            self.withheld.setdefault(stream, Counter())[reason] += 1

    def note(self, what: str, number: int = 1) -> None:
        """Something worth telling that is not a record's fate, such as a phone left out."""
        with self._lock:
            self.notes[what] += number

    def request(self, streams: Iterable[str], *, waited: float) -> None:
        """One request was made; it counts once for each stream whose rows it carried.

        Args:
            streams: of its rows; repeated names count once.
            waited: seconds that it waited for limits and retries.
        """
        with self._lock:
            for stream in set(streams):
                self._requests[stream] += 1
                self._waited[stream] += waited  # type: ignore[assignment]  # counts seconds

    def _count(self, stream: str, fate: str, number: int) -> None:
        now = time.monotonic()
        if fate == "read":
            self._began.setdefault(stream, now)
        else:
            self._ended[stream] = now
        self.fates.setdefault(stream, Counter())[fate] += number

    @property
    def totals(self) -> Counter[str]:
        """Records of all streams by fate."""
        with self._lock:
            return sum(self.fates.values(), Counter())

    def progress(self) -> str:
        """One line on the way: what was read and settled, and how fast."""
        totals = self.totals
        with self._lock:
            began = min(self._began.values(), default=self._started)
        settled = sum(totals[fate] for fate in FATES[1:])
        rate = settled / max(time.monotonic() - began, 0.1)
        return (
            f"{totals['read']:,} read, {settled:,} settled ({rate:,.0f}/s), "
            f"{totals['read'] - settled:,} under way, {totals['rejected']:,} rejected"
        )

    def counts(self) -> dict[str, dict[str, Any]]:
        """Per stream: records by fate, `reasons` of rejects, `withheld_reasons`."""
        with self._lock:
            return {stream: self._counts(stream) for stream in sorted(self.fates)}

    def _counts(self, stream: str) -> dict[str, Any]:
        fates = self.fates[stream]
        counts: dict[str, Any] = {
            fate: fates[fate] for fate in FATES if fates[fate] or fate == "read"
        }
        if fates["rejected"]:
            counts["reasons"] = dict(self.reasons[stream])
        if fates["withheld"]:
            counts["withheld_reasons"] = dict(self.withheld.get(stream, {}))
        return counts

    def as_dict(self, **more: Any) -> dict[str, Any]:
        """All counts, with seconds and whatever the target adds.

        Each stream has the `requests` that carried its rows, their `waited_seconds`, and `seconds`
        from its first record read to its last one settled.
        """
        counts = self.counts()
        with self._lock:
            for stream, each in counts.items():
                began = self._began.get(stream, self._started)
                each["requests"] = self._requests[stream]
                each["waited_seconds"] = round(float(self._waited[stream]), 1)
                each["seconds"] = round(max(self._ended.get(stream, began) - began, 0.0), 1)
            return {
                "seconds": round(time.monotonic() - self._started, 1),
                "streams": counts,
                "notes": dict(self.notes),
                **more,
            }

    def log(self, logger: logging.Logger, **more: Any) -> None:
        """One JSON line in the log, always; a table as well where a person sits at a terminal."""
        summary = self.as_dict(**more)
        logger.info("Summary: %s", msgspec.json.encode(summary).decode())
        if sys.stderr.isatty():
            from singer_outcomes.tables import show_summary  # noqa: PLC0415  # rich loads slowly

            show_summary(summary)
