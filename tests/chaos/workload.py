"""What one organiser's tap writes: small, seeded, with a STATE every few records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from chaos import consents, records
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
    "list_members": consents.list_members,
    "subscriptions": consents.subscriptions,
    "suppressions": consents.suppressions,
    "deletions": consents.deletions,
}
"""Generators by kind; the ones of a run are named by `kinds` of `workload`."""
COUNTER = "counter"


class Workload(NamedTuple):
    """One tap's output and what is wrong with it.

    `failing` and `malformed` are addresses that Klaviyo does not take, whoever asks and whenever;
    faults for them are ordered in the undisturbed run as well. `pointers` is how many of the bad
    rows a refusal names: all, first or none; `deeds` what people did in Klaviyo before. `first` is
    told in every run, `messages` from the last STATE on.
    """

    name: str
    streams: list[Stream]
    first: list[Message]
    messages: list[Message]
    failing: list[str]
    malformed: list[str]
    pointers: str
    deeds: list[dict[str, str]]

    def since(self, counter: int) -> bytes:
        """What a tap writes that starts from this STATE; 0: from the beginning.

        Streams that are read whole come first, whatever the STATE; then what followed it. Each
        stream's SCHEMA stands before its first record, those without records left at the end.
        """
        rest = self.messages
        if counter:
            found = [each.get("value", {}).get(COUNTER) == counter for each in rest]
            rest = rest[found.index(True) + 1 :]
        schemas = {each.schema["stream"]: each.schema for each in self.streams}
        told = []
        for message in (*self.first, *rest):
            if message.get("stream") in schemas:
                told.append(schemas.pop(message["stream"]))
            told.append(message)
        return singer([*told, *schemas.values()])

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
    def traceable(self) -> set[str]:
        """The record_ids of profiles and events of whom nobody is erased: each must be found."""
        told = [each for each in self.messages if each["type"] == "RECORD"]
        erased: set[str] = set()
        for message in told:
            if message["stream"] == "deletions":
                erased |= _who(message["record"])
        return {
            each["record"]["record_id"]
            for each in told
            if each["stream"].partition("__")[0] in {"profiles", "events"}
            and erased.isdisjoint(_who(each["record"]))
        }

    @property
    def counters(self) -> list[int]:
        """The counters of all STATEs, in order."""
        return [each["value"][COUNTER] for each in self.messages if each["type"] == "STATE"]


def workload(seed: int, number: int, kinds: Sequence[str] = tuple(KINDS)) -> Workload:
    """The input number so-and-so of a seed: the same for the same arguments within an hour.

    Recent events are aged from the hour in which the input is made.
    """
    dice = chance(seed, "input", number)
    bounds = (30, 60) if number % 5 == 4 else (8, 26)  # a large one now and then
    fans = audience(dice, dice.randrange(*bounds))
    now = datetime.now(tz=UTC).replace(minute=0, second=0, microsecond=0)
    name = f"{seed}/{number}"
    scene = Scene(name, now, fans)
    streams = [
        stream
        for kind in kinds
        for stream in KINDS[kind](chance(seed, "input", number, kind), scene)
    ]
    order = _interleaved if number % 2 else _one_by_one
    return Workload(
        name,
        streams,
        [each for stream in streams if stream.whole for each in stream.records],
        _with_states(dice, order(dice, [stream for stream in streams if not stream.whole])),
        failing=[fan.email for fan in fans if fan.trait == "failing" and fan.email],
        malformed=[fan.email for fan in fans if fan.trait == "malformed" and fan.email],
        pointers=dice.choice(("all", "all", "first", "none")),
        deeds=consents.before(chance(seed, "before", number), scene),
    )


def _who(record: Message) -> set[str]:
    """Address and phone of a record, however they are written."""
    digits = "".join(each for each in record.get("phone_number", "") if each.isdigit())
    return {each for each in (record.get("email", "").strip().lower(), digits[-9:]) if each}


def _one_by_one(dice: random.Random, streams: list[Stream]) -> list[Message]:
    """Stream after stream, as most taps write."""
    order = [stream for stream in streams if not stream.spread]
    for stream in streams:
        if stream.spread:
            order.insert(dice.randrange(len(order) + 1), stream)
    return [each for stream in order for each in stream.records]


def _interleaved(dice: random.Random, streams: list[Stream]) -> list[Message]:
    """Several streams at once, each in its own order: first those of people, then the late ones."""
    early: list[list[Message]] = []
    late: list[list[Message]] = []
    for stream in streams:
        cut = 0 if stream.late else len(stream.records) // (2 if stream.spread else 1)
        early.append(stream.records[:cut])
        late.append(stream.records[cut:])
    return [*_mixed(dice, early), *_mixed(dice, late)]


def _mixed(dice: random.Random, parts: list[list[Message]]) -> list[Message]:
    waiting = [list(reversed(part)) for part in parts]
    mixed = []
    while any(waiting):
        part = dice.choices(waiting, [len(each) for each in waiting])[0]
        mixed.append(part.pop())
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
