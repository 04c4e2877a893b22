"""A fixed piece of work, which tells how fast this machine is at this moment."""

from __future__ import annotations

import time
from typing import Any

import msgspec

ROUNDS = 3
RECORDS = 4_000
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


def unit() -> float:
    """CPU seconds of the work, the mean of a few rounds: what is measured is a mean over time, too.

    It is what the plugins do all day: decode, look, copy, rename, encode. It must never change, or
    what was recorded loses its meaning.
    """
    return sum(_round() for _ in range(ROUNDS)) / ROUNDS


def _round() -> float:
    began = time.process_time()
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
    return time.process_time() - began
