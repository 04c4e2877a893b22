"""Case a: fans become profiles."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from klaviyo_client.limits import IMPORT_PROFILES, MAX_PROFILES

from bench.cases import defaults
from bench.ceilings import MOST_BYTES, Allowed
from bench.loading import Loading
from bench.plugins import Choice
from bench.running import reading

if TYPE_CHECKING:
    from bench.running import Bench

FANS = 1_000_000
CHOICE = Choice(["fans"], ["fans"], {"tap-nevent": reading()})
ALLOWED = Allowed(IMPORT_PROFILES.name, IMPORT_PROFILES.steady, MAX_PROFILES, MOST_BYTES)


def run(bench: Bench) -> None:
    """Validation, the shipped map, normalising and rejects are on; consents are case c."""
    fans = bench.sized(FANS)
    loading = Loading(bench, CHOICE, ALLOWED, fans=fans)
    recorded = bench.recorded("fans", CHOICE, fans)
    bench.measure("a", "profiles: target alone", partial(loading.alone, recorded))
    bench.measure("a", "profiles: tap | target", loading.behind_the_tap)
    bench.measure("a", "profiles: meltano run", loading.under_meltano)
    defaults.measure(bench, "a", CHOICE, recorded)
