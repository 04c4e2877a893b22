"""Case f: an hourly run over an audience of which little or nothing changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from klaviyo_client.limits import IMPORT_PROFILES

from bench.ceilings import Allowed
from bench.figures import figures
from bench.loading import LATENCY_MS, TAP, TARGET, plugin_name
from bench.plugins import Choice, Setup
from bench.processes import run as run_all
from bench.running import reading
from bench.served import klaviyo, nevent

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle
    from nevent_sandbox.nevent_handle import NeventHandle

    from bench.figures import Figures
    from bench.running import Bench
    from bench.served import Side

FANS = 1_000_000
CHANGED = (0, 100, 10_000)
TOGETHER = 5_000  # changes that the sandbox makes at once
SETTINGS = {TAP: reading()}
# Loading the events and withdrawals of a whole audience takes hours, and is not what is measured.
BEFORE = ["fans", "fan_activity", "list_members__segments", "list_members__segment"]
ALLOWED = Allowed(IMPORT_PROFILES.name, None, 1)


def run(bench: Bench) -> None:
    """`meltano run` as shipped but for larger pages, after one that loaded everybody's profile."""
    with nevent(bench.sized(FANS), keep=False) as here, klaviyo(latency_ms=LATENCY_MS) as there:
        sides = (here, there)
        setup = Setup(
            bench.place(), Choice(None, BEFORE, SETTINGS), nevent=here.url, klaviyo=there.url
        )
        _meltano(setup, sides)
        setup.choose(Choice(None, None, SETTINGS))
        for number in CHANGED:
            changed = min(number, bench.sized(FANS) // 10)
            what = f"hourly: {changed:,} of {bench.sized(FANS):,} fans changed"
            bench.measure("f", what, partial(_once, setup, sides, changed), whole=True)


def _once(
    setup: Setup, sides: tuple[Side[NeventHandle], Side[KlaviyoHandle]], changed: int
) -> Figures:
    here, _ = sides
    for first in range(0, changed, TOGETHER):
        here.handle.advance(changes={"city_changed": min(TOGETHER, changed - first)})
    return _meltano(setup, sides)


def _meltano(setup: Setup, sides: tuple[Side[NeventHandle], Side[KlaviyoHandle]]) -> Figures:
    for side in sides:
        side.usage()
        side.handle.clear_requests()
    ran = run_all(
        [setup.meltano("run", TAP, TARGET)],
        setup.folder,
        name_of=plugin_name,
        environment=setup.environment(),
    )
    return figures(ran, sides, ALLOWED)
