"""Loading into Klaviyo: the target alone, behind the tap, under Meltano."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.figures import figures
from bench.plugins import Setup
from bench.processes import Command, run
from bench.served import klaviyo, nevent

if TYPE_CHECKING:
    from pathlib import Path

    from bench.ceilings import Allowed
    from bench.figures import Figures
    from bench.plugins import Choice
    from bench.running import Bench

LATENCY_MS = 50.0  # of Klaviyo; Nevent answers at once
TAP, TARGET = "tap-nevent", "target-klaviyo"


class Loading:
    """One choice of streams and maps, by whichever way; each run begins with an empty account."""

    def __init__(self, bench: Bench, choice: Choice, allowed: Allowed, *, fans: int = 0) -> None:
        self._bench = bench
        self._choice = choice
        self._allowed = allowed
        self._fans = fans

    def alone(self, recorded: Path) -> Figures:
        """The target, reading a file."""
        with klaviyo(latency_ms=LATENCY_MS) as there:
            setup = Setup(self._bench.place(), self._choice, klaviyo=there.url)
            ran = run([named(setup.target(TARGET), "target")], setup.folder, given=recorded)
            return figures(ran, [there], self._allowed)

    def fed(self, source: Command) -> Figures:
        """The target, reading what a process writes."""
        with klaviyo(latency_ms=LATENCY_MS) as there:
            setup = Setup(self._bench.place(), self._choice, klaviyo=there.url)
            ran = run([source, named(setup.target(TARGET), "target")], setup.folder)
            return figures(ran, [there], self._allowed)

    def behind_the_tap(self) -> Figures:
        """`tap-nevent | target-klaviyo`."""
        with nevent(self._fans) as here, klaviyo(latency_ms=LATENCY_MS) as there:
            setup = Setup(self._bench.place(), self._choice, nevent=here.url, klaviyo=there.url)
            commands = [named(setup.tap(TAP), "tap"), named(setup.target(TARGET), "target")]
            here.usage()  # the catalog was read
            return figures(run(commands, setup.folder), [here, there], self._allowed)

    def under_meltano(self) -> Figures:
        """`meltano run tap-nevent target-klaviyo`."""
        with nevent(self._fans) as here, klaviyo(latency_ms=LATENCY_MS) as there:
            setup = Setup(self._bench.place(), self._choice, nevent=here.url, klaviyo=there.url)
            return figures(
                run(
                    [setup.meltano("run", TAP, TARGET)],
                    setup.folder,
                    name_of=plugin_name,
                    environment=setup.environment(),
                ),
                [here, there],
                self._allowed,
            )


def plugin_name(command_line: str) -> str:
    """What a process that Meltano started is, by its command line."""
    program = command_line.partition(" --")[0]
    if "/target-" in program:
        return "target"
    return "tap" if "/tap-" in program else "meltano"


def named(command: Command, name: str) -> Command:
    """The same by the name of its column."""
    return command._replace(name=name)
