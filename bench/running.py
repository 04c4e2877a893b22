"""What all cases share: the scale, how often, and where recorded input is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.figures import Line
from bench.plugins import PAGE, Setup
from bench.processes import run
from bench.served import nevent
from bench.table import tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.figures import Figures
    from bench.plugins import Choice


class Bench:
    """One run of the bench.

    Args:
        scale: of the issue's sizes; 1 is a million fans.
        runs: of each measurement.
        folder: for everything that is written on the way.
    """

    def __init__(self, *, scale: float, runs: int, folder: Path) -> None:
        self.scale = scale
        self.runs = runs
        self.folder = folder
        self.lines: list[Line] = []
        self._folders = 0

    def sized(self, number: int) -> int:
        """So many at full size; what that is at this scale."""
        return max(round(number * self.scale), 1)

    def measure(
        self,
        case: str,
        what: str,
        once: Callable[[], Figures],
        *,
        runs: int | None = None,
        whole: bool = False,
    ) -> Line:
        """Do it as often as was asked for, and tell the line.

        Args:
            case: its letter.
            what: is measured, for people.
            once: a single run.
            runs: fewer than asked for.
            whole: CPU is told for a run, not per item.
        """
        times = min(runs or self.runs, self.runs)
        return self.told(case, what, [once() for _ in range(times)], whole=whole)

    def told(self, case: str, what: str, runs: list[Figures], *, whole: bool = False) -> Line:
        """Tell a line of runs that were measured already."""
        line = Line(case=case, what=what, runs=runs, whole=whole)
        self.lines.append(line)
        tell(line)
        return line

    def place(self) -> Path:
        """A new folder."""
        self._folders += 1
        place = self.folder / str(self._folders)
        place.mkdir()
        return place

    def recorded(self, name: str, choice: Choice, fans: int) -> Path:
        """What tap-nevent tells of these streams, in a file that is made once."""
        path = self.folder / f"{name}-{fans}.singer"
        if not path.exists():
            with nevent(fans) as side:
                setup = Setup(self.place(), choice, nevent=side.url)
                run([setup.tap("tap-nevent")], setup.folder, told=path)
        return path


def reading(**settings: object) -> dict[str, object]:
    """Settings of tap-nevent for speed: the largest pages, unless told otherwise."""
    return {"page_size": PAGE, **settings}
