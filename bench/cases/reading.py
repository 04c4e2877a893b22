"""Case d: Nevent read in small pages, by a network that takes its time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.ceilings import Allowed
from bench.figures import figures
from bench.loading import TAP, named
from bench.plugins import Choice, Setup
from bench.processes import run as run_all
from bench.served import nevent

if TYPE_CHECKING:
    from bench.figures import Figures
    from bench.running import Bench

FANS = 300_000
LATENCIES = (0, 50, 100)  # ms
PAGE = 100
CHOICE = Choice(["fans"], settings={TAP: {"page_size": PAGE}})
ALLOWED = Allowed("GET /users", None, PAGE, marked="sort=")


def run(bench: Bench) -> None:
    """tap-nevent with the settings of meltano.yml; nobody takes what it tells."""
    for latency in LATENCIES:
        bench.measure("d", f"reading fans: {latency} ms", partial(_once, bench, latency))


def _once(bench: Bench, latency: float) -> Figures:
    fans = bench.sized(FANS)
    with nevent(fans, latency_ms=latency) as side:
        setup = Setup(bench.place(), CHOICE, nevent=side.url)
        command = named(setup.tap(TAP), "tap")
        side.usage()
        side.handle.clear_requests()  # those that asked for the catalog
        return figures(run_all([command], setup.folder), [side], ALLOWED, items=fans)
