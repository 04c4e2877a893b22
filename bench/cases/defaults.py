"""What the SDK's plain defaults make of the same records, for the ratio."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from bench.figures import bare
from bench.loading import TARGET
from bench.plugins import Setup
from bench.processes import run

if TYPE_CHECKING:
    from pathlib import Path

    from bench.figures import Figures
    from bench.plugins import Choice
    from bench.running import Bench

MOST = 20_000  # records; more would only take longer


def measure(bench: Bench, case: str, choice: Choice, recorded: Path) -> None:
    """The SDK's target alone, and behind its tap; with the maps, and nothing is sent."""
    some = bench.folder / f"some-{recorded.name}"
    with recorded.open("rb") as lines, some.open("wb") as kept:
        kept.writelines(islice(lines, MOST))
    with some.open("rb") as lines:
        count = sum(line.startswith(b'{"type":"RECORD"') for line in lines)
    once = partial(_once, bench, choice, some, count)
    bench.measure(case, "SDK's defaults: target alone", once)
    bench.measure(case, "SDK's defaults: tap | target", partial(once, piped=True))


def _once(bench: Bench, choice: Choice, some: Path, count: int, *, piped: bool = False) -> Figures:
    setup = Setup(bench.place(), choice)
    target = setup.plain("target", setup.config(TARGET))
    if piped:
        return bare(run([setup.plain("tap", some), target], setup.folder), count)
    return bare(run([target], setup.folder, given=some), count)
