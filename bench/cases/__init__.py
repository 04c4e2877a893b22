"""The cases, one a module; each has a function `run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.cases import consents, engagement, growth, happenings, hourly, profiles, reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.running import Bench

CASES: dict[str, Callable[[Bench], None]] = {
    "a": profiles.run,
    "b": happenings.run,
    "c": consents.run,
    "d": reading.run,
    "e": engagement.run,
    "f": hourly.run,
    "g": growth.run,
}
