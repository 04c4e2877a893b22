"""People put on lists and taken off, and lists that mirror a group of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from target_klaviyo.refusals import told
from target_klaviyo.replaying import payload_of
from target_klaviyo.shipments import FORMER_MEMBERS, MEMBERS, Envelope, decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klaviyo_client import Problem
    from singer_outcomes.fates import Fates
    from singer_outcomes.queues import Origin, Row

    from target_klaviyo.delivery import Delivery
    from target_klaviyo.imports import Imports
    from target_klaviyo.mirrors import Mirrors
    from target_klaviyo.people import People
    from target_klaviyo.plan import Plan

ADD, REMOVE, MIRROR = "add", "remove", "mirror"
UNKNOWN = "no profile in Klaviyo has this identifier"
COLUMNS = ("email", "phone_number", "external_id")


class Reference(NamedTuple):
    """One profile by its id, for the row that is about it."""

    row: Row | None
    id: str

    @property
    def body(self) -> bytes:
        """The item as JSON."""
        return encode({"type": "profile", "id": self.id})

    @property
    def origins(self) -> Sequence[Origin]:
        """The records behind it; none where someone has left a mirrored list."""
        return self.row.origins if self.row else ()


class Members:
    """Adds by bulk import, which needs no profile ids; removes by id.

    A row's group is what to do and with which list: `add:LIST`, `remove:LIST`, `mirror:LIST`.
    """

    def __init__(  # what it stands on
        self,
        delivery: Delivery,
        fates: Fates,
        imports: Imports,
        people: People,
        mirrors: Mirrors,
        *,
        plan: Plan | None,
    ) -> None:
        self._plan = plan
        self._delivery = delivery
        self._fates = fates
        self._imports = imports
        self._people = people
        self._mirrors = mirrors

    def deliver(self, rows: list[Row]) -> None:
        """Add or remove these people and settle the rows."""
        action, _, list_id = rows[0].group.partition(":")
        if action == REMOVE:
            self._by_id(rows, Envelope(FORMER_MEMBERS, list_id))
            return
        if action == MIRROR:
            there = [row for row in rows if self._mirrors.named(list_id, row.people)]
            self._fates.settle(there, "unchanged")
            known = set(map(id, there))
            rows = [row for row in rows if id(row) not in known]
        by_id = [_only_id(row) for row in rows]
        reachable = [row for row, only in zip(rows, by_id, strict=True) if not only]
        if others := [row for row, only in zip(rows, by_id, strict=True) if only]:
            self._by_id(others, Envelope(MEMBERS, list_id))
        if reachable:
            if self._plan is not None:
                self._plan.strangers(reachable)
            self._imports.send(reachable, kind="list_members", list_id=list_id)

    def leave(self, list_id: str, ids: Sequence[str]) -> None:
        """Take profiles that are in a mirrored group no more off its list."""
        self._delivery.send(
            Envelope(FORMER_MEMBERS, list_id),
            [Reference(None, each) for each in ids],
            accepted=lambda part, _: self._fates.summary.note("left a mirrored list", len(part)),
            refused=lambda _, __: None,  # the profile is gone, and so from the list
        )

    def _by_id(self, rows: list[Row], envelope: Envelope) -> None:
        found = self._found(rows)
        refused: dict[int, Problem] = {}

        def refuse(reference: Reference, problem: Problem) -> None:
            refused[id(reference.row)] = problem

        references = [Reference(row, each) for row in rows for each in found.get(id(row), ())]
        self._delivery.send(envelope, references, accepted=lambda *_: None, refused=refuse)
        for row in rows:
            if problem := refused.get(id(row)):
                self._refuse(row, told(problem), problem.pointer)
            elif id(row) in found:
                self._fates.settle([row], "written")
            elif envelope.shipment is FORMER_MEMBERS:
                self._fates.settle([row], "unchanged")
            else:
                self._refuse(row, UNKNOWN, None)

    def _found(self, rows: list[Row]) -> dict[int, list[str]]:
        """Profile ids of each row: its own, else by the first identifier it has."""
        resources = [(row, decode(row.body)) for row in rows]
        found = {id(row): [each["id"]] for row, each in resources if each.get("id")}
        others = []
        for row, resource in resources:
            if id(row) not in found:
                attributes = resource["attributes"]
                column = next(each for each in COLUMNS if attributes.get(each))
                others.append((row, {column: attributes[column]}))
        return found | self._people.ids(others)

    def _refuse(self, row: Row, reason: str, pointer: str | None) -> None:
        self._fates.refuse(row, reason, pointer=pointer, payload=payload_of(row))


def _only_id(row: Row) -> bool:
    """Whether neither e-mail nor phone tells who it is: an import might make a new profile."""
    attributes = decode(row.body)["attributes"]
    return not attributes.get("email") and not attributes.get("phone_number")
