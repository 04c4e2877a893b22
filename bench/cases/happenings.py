"""Case b: tickets and check-ins become events."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from klaviyo_client.limits import CREATE_EVENTS, MAX_EVENTS

from bench.ceilings import MOST_BYTES, Allowed
from bench.loading import Loading
from bench.plugins import Choice
from bench.running import reading

if TYPE_CHECKING:
    from bench.running import Bench

FANS = 97_000  # have 300,000 tickets and check-ins
MAPS = ["tickets", "events__refund", "events__transfer", "attendance"]
CHOICE = Choice(["tickets", "attendance"], MAPS, {"tap-nevent": reading()})
ALLOWED = Allowed(CREATE_EVENTS.name, CREATE_EVENTS.steady, MAX_EVENTS, MOST_BYTES)


def run(bench: Bench) -> None:
    """The target alone, and behind the tap."""
    fans = bench.sized(FANS)
    loading = Loading(bench, CHOICE, ALLOWED, fans=fans)
    recorded = bench.recorded("tickets", CHOICE, fans)
    bench.measure("b", "events: target alone", partial(loading.alone, recorded))
    bench.measure("b", "events: tap | target", loading.behind_the_tap, runs=1)
