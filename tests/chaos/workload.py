"""What one organiser's tap writes: small, seeded, with a STATE every few records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from chaos import records
from chaos.people import audience, chance
from chaos.records import Scene, Stream
from singer_messages import Message, singer, state

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    Generator = Callable[[random.Random, Scene], list[Stream]]

KINDS: dict[str, Generator] = {
    "profiles": records.profiles,
    "events": records.events,
}
"""Generators by kind; the ones of a run are named by `kinds` of `workload`."""
COUNTER = "counter"


class Workload(NamedTuple):
    """One tap's output and what is wrong with it.

    `failing` and `malformed` are addresses that Klaviyo does not take, whoever asks and whenever;
    faults for them are ordered in the undisturbed run as well. `pointers` is how many of the bad
    rows a refusal names: all, first or none.
    """

    name: str
    streams: list[Stream]
    messages: list[Message]
    failing: list[str]
    malformed: list[str]
    pointers: str

    def since(self, counter: int) -> bytes:
        """What a tap writes that starts from this STATE; 0: from the beginning.

        Each stream's SCHEMA comes first, then what followed that STATE. Streams that are read
        whole are told whole again.
        """
        whole = {each.schema["stream"] for each in self.streams if each.whole}
        found = counter == 0
        rest = []
        for message in self.messages:
            if found or message.get("stream") in whole:
                rest.append(message)
            found = found or message.get("value", {}).get(COUNTER) == counter
        return singer([*(each.schema for each in self.streams), *rest])

    def before(self, counter: int) -> set[str]:
        """The record_ids of what was told before this STATE."""
        told: set[str] = set()
        for message in self.messages:
            if message.get("value", {}).get(COUNTER) == counter:
                return told
            if message["type"] == "RECORD":
                told.add(message["record"]["record_id"])
        raise ValueError(f"No STATE of this input has the counter {counter}.")

    @property
    def counters(self) -> list[int]:
        """The counters of all STATEs, in order."""
        return [each["value"][COUNTER] for each in self.messages if each["type"] == "STATE"]


def workload(seed: int, number: int, kinds: Sequence[str] = ("profiles", "events")) -> Workload:
    """The input number so-and-so of a seed: the same for the same arguments within an hour.

    Recent events are aged from the hour in which the input is made.
    """
    dice = chance(seed, "input", number)
    fans = audience(dice, dice.randrange(8, 60))
    now = datetime.now(tz=UTC).replace(minute=0, second=0, microsecond=0)
    scene = Scene(seed, now, fans)
    streams = [
        stream
        for kind in kinds
        for stream in KINDS[kind](chance(seed, "input", number, kind), scene)
    ]
    order = _interleaved if number % 2 else _one_by_one
    return Workload(
        f"{seed}/{number}",
        streams,
        _with_states(dice, order(dice, streams)),
        failing=[fan.email for fan in fans if fan.trait == "failing" and fan.email],
        malformed=[fan.email for fan in fans if fan.trait == "malformed" and fan.email],
        pointers=dice.choice(("all", "all", "first", "none")),
    )


def _one_by_one(_: random.Random, streams: list[Stream]) -> list[Message]:
    """Stream after stream, as most taps write."""
    return [each for stream in streams for each in stream.records]


def _interleaved(dice: random.Random, streams: list[Stream]) -> list[Message]:
    """All streams at once, each in its own order."""
    waiting = [list(reversed(stream.records)) for stream in streams]
    mixed = []
    while any(waiting):
        stream = dice.choices(waiting, [len(each) for each in waiting])[0]
        mixed.append(stream.pop())
    return mixed


def _with_states(dice: random.Random, messages: list[Message]) -> list[Message]:
    told: list[Message] = []
    counter, due = 0, dice.randrange(3, 15)
    for index, message in enumerate(messages, 1):
        told.append(message)
        if index == due or index == len(messages):
            counter += 1
            told.append(state({COUNTER: counter}))
            due += dice.randrange(3, 15)
    return told
