"""What the guard watches: five plugins' work, each as a process with small input."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, Self

from bench.cases import consents, happenings, profiles
from bench.cases.growth import generated
from bench.loading import TAP, TARGET
from bench.plugins import Choice, Setup
from bench.processes import run
from bench.served import klaviyo, nevent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FANS = 24_000  # fewer cost no more than what a start varies by
PEOPLE = 16_000
EVENTS = 30_000  # of Klaviyo's own
ENGAGEMENT = "tap-klaviyo-engagement"
NAMES = ("profiles", "events", "subscriptions", "fans", "engagement")


class Subject(NamedTuple):
    """One plugin's work: CPU seconds of a start without any, and of one with `items`."""

    items: int
    idle: Callable[[], float]
    busy: Callable[[], float]


class Yard:
    """A small sandbox and recorded input, until the `with` block ends.

    Klaviyo's limits are off: only CPU is looked at, and runs follow each other closely. The sandbox
    has the first core, this process and those that are measured the last one: two that share a core
    slow each other down by as much as a half, so it must be known who shares with whom.

    Args:
        folder: for whatever is written.
        scale: of the sizes.
    """

    def __init__(self, folder: Path, scale: float = 1) -> None:
        self._folder = folder
        self._scale = scale
        self._stack = ExitStack()
        self._runs = 0
        self._recordings: dict[str, Path] = {}

    def __enter__(self) -> Self:
        cores = sorted(os.sched_getaffinity(0))
        self._stack.callback(os.sched_setaffinity, 0, cores)
        os.sched_setaffinity(0, cores[:1])
        self._nevent = self._stack.enter_context(nevent(self._sized(FANS)))
        self._klaviyo = self._stack.enter_context(klaviyo(limits="off"))
        os.sched_setaffinity(0, cores[-1:])
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def subject(self, name: str) -> Subject:
        """One of `NAMES`, ready to be measured."""
        return getattr(self, f"_{name}")()  # type: ignore[no-any-return]  # those below

    def _profiles(self) -> Subject:
        return self._loading(profiles.CHOICE, self._people("people"))

    def _events(self) -> Subject:
        return self._loading(happenings.CHOICE, self._recorded("tickets", happenings.CHOICE))

    def _subscriptions(self) -> Subject:
        return self._loading(consents.CHOICE, self._people("consenting", "--consenting"))

    def _fans(self) -> Subject:
        return self._reading(TAP, profiles.CHOICE)

    def _engagement(self) -> Subject:
        self._klaviyo.handle.reset()
        events = self._sized(EVENTS)
        self._klaviyo.handle.generate(events, people=max(events // 5, 10), campaigns=10)
        return self._reading(ENGAGEMENT, Choice(["engagement"]))

    def _loading(self, choice: Choice, recorded: Path) -> Subject:
        def load(given: Path | None) -> float:
            self._klaviyo.handle.reset()
            return self._cpu(self._setup(choice), given)

        with recorded.open("rb") as lines:
            items = sum(line.startswith(b'{"type":"RECORD"') for line in lines)
        return Subject(items, lambda: load(None), lambda: load(recorded))

    def _reading(self, name: str, choice: Choice) -> Subject:
        """Finding out what there is to read is what a start costs."""
        setup = self._setup(choice)
        command = setup.tap(name)
        told = setup.folder / "told.singer"
        run([command], setup.folder, told=told)
        with told.open("rb") as lines:
            items = sum(line.startswith(b'{"type":"RECORD"') for line in lines)
        discover = command._replace(arguments=[*command.arguments[:3], "--discover"])
        return Subject(
            items,
            lambda: run([discover], setup.folder).usages[name].cpu,
            lambda: run([command], setup.folder).usages[name].cpu,
        )

    def _cpu(self, setup: Setup, given: Path | None) -> float:
        return run([setup.target(TARGET)], setup.folder, given=given).usages[TARGET].cpu

    def _setup(self, choice: Choice) -> Setup:
        self._runs += 1
        place = self._folder / f"run{self._runs}"
        return Setup(place, choice, nevent=self._nevent.url, klaviyo=self._klaviyo.url)

    def _people(self, name: str, *more: str) -> Path:
        path = self._folder / f"{name}.singer"
        if not path.exists():
            fans = self._recorded("fans", profiles.CHOICE)
            run([generated(fans, self._sized(PEOPLE), *more)], self._folder, told=path)
        return path

    def _recorded(self, name: str, choice: Choice) -> Path:
        path = self._folder / f"{name}.singer"
        if not path.exists():
            setup = self._setup(choice)
            run([setup.tap(TAP)], setup.folder, told=path)
        return path

    def _sized(self, number: int) -> int:
        return max(round(number * self._scale), 1)
