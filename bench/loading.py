"""Loading into Klaviyo: the target alone, behind the tap, under Meltano."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.ceilings import pace
from bench.figures import figures
from bench.plugins import Setup, summary
from bench.processes import Command, run
from bench.served import side

if TYPE_CHECKING:
    from pathlib import Path

    from bench.ceilings import Allowed
    from bench.figures import Figures
    from bench.plugins import Choice
    from bench.processes import Ran, Usage
    from bench.running import Bench
    from bench.served import Side

LATENCY_MS = 50.0  # of Klaviyo; Nevent answers at once
TAP, TARGET = "tap-nevent", "target-klaviyo"
_RUN = ("run", TAP, TARGET)


class Loading:
    """One choice of streams and maps, by whichever way; each run begins with an empty account."""

    def __init__(self, bench: Bench, choice: Choice, allowed: Allowed, *, fans: int) -> None:
        self._bench = bench
        self._choice = choice
        self._allowed = allowed
        self._fans = fans

    def alone(self, recorded: Path) -> Figures:
        """The target, reading a file."""
        with side(latency_ms=LATENCY_MS) as klaviyo:
            setup = Setup(self._bench.place(), self._choice, klaviyo=klaviyo.klaviyo.url)
            ran = run([_named(setup.target(TARGET), "target")], setup.folder, given=recorded)
            return self._figures(ran, klaviyo=klaviyo)

    def behind_the_tap(self) -> Figures:
        """`tap-nevent | target-klaviyo`."""
        with side(fans=self._fans) as nevent, side(latency_ms=LATENCY_MS) as klaviyo:
            setup = self._setup(nevent, klaviyo)
            commands = [_named(setup.tap(TAP), "tap"), _named(setup.target(TARGET), "target")]
            nevent.usage()  # the catalog was read
            ran = run(commands, setup.folder)
            return self._figures(ran, klaviyo=klaviyo, nevent=nevent)

    def under_meltano(self) -> Figures:
        """`meltano run tap-nevent target-klaviyo`."""
        with side(fans=self._fans) as nevent, side(latency_ms=LATENCY_MS) as klaviyo:
            setup = self._setup(nevent, klaviyo)
            ran = run(
                [setup.meltano(*_RUN)],
                setup.folder,
                name_of=plugin_name,
                environment=setup.environment(),
            )
            return self._figures(ran, klaviyo=klaviyo, nevent=nevent)

    def _setup(self, nevent: Side, klaviyo: Side) -> Setup:
        return Setup(
            self._bench.place(),
            self._choice,
            nevent=nevent.nevent.url,
            klaviyo=klaviyo.klaviyo.url,
        )

    def _figures(self, ran: Ran, **sides: Side) -> Figures:
        usages: dict[str, Usage] = {**ran.usages}
        log = sides["klaviyo"].klaviyo.requests()
        for name, each in sides.items():
            usages[name] = each.usage()
        told: dict[str, Any] = summary(ran.log)
        return figures(
            pace(log, self._allowed), usages, ran.seconds, waited=told.get("waited_seconds")
        )


def plugin_name(command_line: str) -> str:
    """What a process that Meltano started is, by its command line."""
    program = command_line.partition(" --")[0]
    if f"/{TARGET}" in program or "/target-nevent" in program:
        return "target"
    return "tap" if "/tap-" in program else "meltano"


def _named(command: Command, name: str) -> Command:
    return command._replace(name=name)
