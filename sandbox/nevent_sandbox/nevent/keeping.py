"""Answers kept in files: an audience that is served again tells its pages without composing them.

For benchmarks, which start the sandbox anew for each run. Only what is as it was at the start is
kept, by everything that decides it: the request, the audience, the day, this package's own code.
"""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from nevent_sandbox.nevent.answers import Told, items_of, written

_COUNT = 4  # bytes before the JSON: how many items it has


class Keeping:
    """The kept answers of one audience; without a folder, nothing is kept.

    Args:
        folder: of all audiences.
        facts: that tell this audience from others.
        untouched: whether everything still is as at the start.
    """

    def __init__(
        self, folder: Path | None, facts: tuple[object, ...], untouched: Callable[[], bool]
    ) -> None:
        self._folder = folder and folder / _digest(repr((facts, _code())).encode())
        self._untouched = untouched
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)

    def told(self, request: bytes, compose: Callable[[], Any]) -> Any:
        """What is composed, or was composed before for the same request."""
        if self._folder is None or not self._untouched():
            return compose()
        path = self._folder / _digest(request)
        try:
            kept = path.read_bytes()
        except FileNotFoundError:
            document = compose()
            made = Told(written(document), items_of(document))
            self._keep(path, made)
            return made
        count = int.from_bytes(kept[:_COUNT], signed=True)
        return Told(memoryview(kept)[_COUNT:], None if count < 0 else count)

    def _keep(self, path: Path, made: Told) -> None:
        count = -1 if made.items is None else made.items
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(count.to_bytes(_COUNT, signed=True))
            file.write(made.json)
        Path(file.name).replace(path)  # whole, or not at all


def _digest(text: bytes) -> str:
    return sha256(text).hexdigest()[:32]


@cache
def _code() -> str:
    """What this package composes with: another version keeps its own answers."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return _digest(b"".join(source.read_bytes() for source in sources))
