"""Case c: consents become subscriptions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from klaviyo_client.limits import GET_PROFILES, MAX_PAGE, MAX_SUBSCRIBES, SUBSCRIBE

from bench.cases.growth import RECORDED, generated
from bench.ceilings import MOST_BYTES, Allowed, pace
from bench.figures import Figures, figures
from bench.loading import LATENCY_MS, TARGET, Loading, named
from bench.plugins import Choice, Setup
from bench.processes import run as run_all
from bench.running import reading
from bench.served import klaviyo

if TYPE_CHECKING:
    from pathlib import Path

    from bench.running import Bench

PEOPLE = 500_000
OPTED_OUT = 5_000  # in the account before, whom the target reads first
FANS = 100_000
CHOICE = Choice(["fans"], ["subscriptions__fans"], {"tap-nevent": reading()})
ALLOWED = Allowed(SUBSCRIBE.name, SUBSCRIBE.steady, MAX_SUBSCRIBES, MOST_BYTES)
LISTED = Allowed(GET_PROFILES.name, GET_PROFILES.steady, MAX_PAGE, marked="suppression")


def run(bench: Bench) -> None:
    """Consents to mail alone, after the account's opt-outs were listed; then whatever fans said.

    SMS and withdrawals go by requests of 100 people, so they bind the second line.
    """
    fans = bench.recorded("fans", CHOICE, RECORDED)
    recorded = bench.folder / "consents.singer"
    command = generated(fans, bench.sized(PEOPLE), "--consenting")
    run_all([command], bench.place(), told=recorded)
    listing: list[Figures] = []
    bench.measure("c", "consents: target alone", partial(_once, bench, recorded, listing))
    bench.told("c", "consents: listing the opt-outs", listing)
    some = bench.sized(FANS)
    loading = Loading(bench, CHOICE, ALLOWED, fans=some)
    mixed = partial(loading.alone, bench.recorded("fans", CHOICE, some))
    bench.measure("c", "consents, SMS and opt-outs of fans", mixed, runs=1)


def _once(bench: Bench, recorded: Path, listing: list[Figures]) -> Figures:
    with klaviyo(latency_ms=LATENCY_MS) as side:
        for number in range(bench.sized(OPTED_OUT)):
            email = f"no.{number}@nevent-demo.es"
            side.handle.subscribe(email)
            side.handle.unsubscribe(email)
        side.usage()
        setup = Setup(bench.place(), CHOICE, klaviyo=side.url)
        ran = run_all([named(setup.target(TARGET), "target")], setup.folder, given=recorded)
        read = pace(side.handle.requests(), LISTED)
        listing.append(
            Figures(
                items=read.items,
                seconds=read.seconds,
                whole_seconds=read.seconds,
                rate=read.rate,
                ceiling=read.ceiling,
                share=read.share,
                requests=read.requests,
            )
        )
        return figures(ran, [side], ALLOWED)
