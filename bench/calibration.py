"""A fixed piece of work, which tells how fast this machine is while something else is measured."""

from __future__ import annotations

import threading
import time
from typing import Any, Self

import msgspec

RECORDS = 600  # some 10 ms
EVERY = 0.1  # seconds between two rounds
_LINE = msgspec.json.encode(
    {
        "type": "RECORD",
        "stream": "fans",
        "record": {
            **{f"column_{number}": f"value {number}" for number in range(12)},
            "email": "ana@nevent-demo.es",
            "tags": ["camping", "vip"],
            "at": "2026-01-02T03:04:05.678Z",
            "spent": 123.45,
        },
    }
)


class Pulse:
    """Does the work before, after, and every tenth of a second until the `with` block ends.

    On a busy machine the same instructions take more CPU time, and not always as much more: so
    both are looked at over the same time, and what counts is their ratio.
    """

    def __init__(self) -> None:
        self._rounds: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    @property
    def unit(self) -> float:
        """CPU seconds of the work, the mean of all rounds."""
        return sum(self._rounds) / len(self._rounds)

    def __enter__(self) -> Self:
        self._rounds.append(work())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._rounds.append(work())

    def _beat(self) -> None:
        while not self._over.wait(EVERY):
            self._rounds.append(work())


def work() -> float:
    """CPU seconds of what the plugins do all day: decode, look, copy, rename, encode.

    It must never change, or what was recorded loses its meaning.
    """
    began = time.thread_time()
    size = 0
    for number in range(RECORDS):
        message: dict[str, Any] = msgspec.json.decode(_LINE)
        record = {name.upper(): value for name, value in message["record"].items() if value}
        record["ID"] = f"{number:024x}"
        record["EMAIL"] = record["EMAIL"].strip().lower()
        record["TAGS"] = sorted({each.title() for each in record["TAGS"]})
        record["YEAR"] = int(record["AT"].partition("-")[0])
        size += len(msgspec.json.encode({"type": "profile", "attributes": record}))
    if not size:
        raise AssertionError("Nothing was done.")
    return time.thread_time() - began
