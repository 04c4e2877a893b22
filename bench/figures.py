"""What was measured: the figures of single runs, and their medians with their spread."""

from __future__ import annotations

from http import HTTPStatus
from statistics import median
from typing import TYPE_CHECKING, Any

import msgspec

from bench.ceilings import pace
from bench.plugins import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.ceilings import Allowed
    from bench.processes import Ran
    from bench.served import Side

_KLAVIYO = "/api/"
PER = 100_000  # items that CPU seconds are told for


class Figures(msgspec.Struct, kw_only=True):
    """One run. Seconds by the clock but for `cpu`, which is seconds of one core, by process."""

    items: int
    seconds: float  # from the first request of the operation to its last
    whole_seconds: float  # from the start of the processes to their end
    rate: float | None = None  # items per second
    ceiling: float | None = None  # the same, as the vendor allows it
    share: float | None = None  # of the ceiling
    requests: int = 0  # to both vendors, of any operation
    writes: int = 0  # of these, the ones that write to Klaviyo
    refused: int = 0  # of these, answered 429
    waited: float | None = None  # seconds for limits and retries, all threads together
    cpu: dict[str, float] = msgspec.field(default_factory=dict)
    peak: dict[str, int] = msgspec.field(default_factory=dict)  # bytes of resident memory


class Line(msgspec.Struct, kw_only=True):
    """One thing that was measured, several times."""

    case: str
    what: str
    runs: list[Figures]
    whole: bool = False  # CPU is told for a run, not per 100,000 items

    def figure(self, name: str) -> tuple[float, float, float] | None:
        """Median, least and most of one figure; None where a run has none."""
        return _middle([getattr(each, name) for each in self.runs])

    def cpu(self, process: str) -> tuple[float, float, float] | None:
        """CPU seconds per 100,000 items (or of a `whole` run) of one process, likewise."""
        if any(process not in each.cpu for each in self.runs):
            return None
        if self.whole:
            return _middle([each.cpu[process] for each in self.runs])
        return _middle(
            [each.cpu[process] * PER / each.items if each.items else None for each in self.runs]
        )

    def peak(self, process: str) -> float | None:
        """The most memory that the process had in any run, in MB."""
        found = [each.peak[process] for each in self.runs if process in each.peak]
        return max(found) / 1e6 if found else None

    def told(self) -> dict[str, Any]:
        """For the JSON file: [median, least, most] of each figure, and the runs as they were."""
        names = ("items", "seconds", "whole_seconds", "rate", "ceiling", "share", "waited")
        processes = sorted({name for each in self.runs for name in each.cpu})
        return {
            "case": self.case,
            "what": self.what,
            **{name: self.figure(name) for name in (*names, "requests", "writes", "refused")},
            "cpu_seconds" if self.whole else "cpu_seconds_per_100000": {
                name: self.cpu(name) for name in processes
            },
            "peak_mb": {name: self.peak(name) for name in processes},
            "runs": self.runs,
        }


def bare(ran: Ran, items: int) -> Figures:
    """Of one run without a vendor: items per second of the whole of it."""
    return Figures(
        items=items,
        seconds=ran.seconds,
        whole_seconds=ran.seconds,
        rate=items / ran.seconds,
        cpu={name: each.cpu for name, each in ran.usages.items()},
        peak={name: each.peak for name, each in ran.usages.items()},
    )


def figures(
    ran: Ran, sides: Sequence[Side[Any]], allowed: Allowed, *, items: int | None = None
) -> Figures:
    """Of one run whose items went through one operation of one of these sides.

    `items`: see `pace`.
    """
    log = [each for side in sides for each in side.handle.requests()]
    found = pace(log, allowed, items)
    usages = {**ran.usages, **{side.name: side.usage() for side in sides}}
    return Figures(
        items=found.items,
        seconds=found.seconds,
        whole_seconds=ran.seconds,
        rate=found.rate,
        ceiling=found.ceiling,
        share=found.share,
        requests=len(log),
        writes=sum(each["method"] != "GET" and each["path"].startswith(_KLAVIYO) for each in log),
        refused=sum(each["status"] == HTTPStatus.TOO_MANY_REQUESTS for each in log),
        waited=summary(ran.log).get("waited_seconds"),
        cpu={name: each.cpu for name, each in usages.items()},
        peak={name: each.peak for name, each in usages.items()},
    )


def _middle(values: list[float | None]) -> tuple[float, float, float] | None:
    found = [each for each in values if each is not None]
    if len(found) < len(values) or not found:
        return None
    return median(found), min(found), max(found)
