"""Profiles that a bulk import makes of people nobody knows: most of a first load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo.consent_tables import numbered
from nevent_sandbox.klaviyo.identifiers import Ulids

if TYPE_CHECKING:
    import sqlite3

    from nevent_sandbox.klaviyo.identities import Identities
    from nevent_sandbox.klaviyo.import_rows import Patch, Row

_encode = msgspec.json.Encoder().encode


class Newcomers:
    """Makes the same of a row as `People.upsert`, for those who can be nobody else.

    Args:
        now: seconds; becomes `created` and `updated`.
        visible: from when reads see them.
    """

    def __init__(
        self, db: sqlite3.Connection, identities: Identities, *, now: float, visible: float
    ) -> None:
        self._db = db
        self._by = (
            identities.by["email"],
            identities.by["phone_number"],
            identities.by["external_id"],
        )
        self._now = int(now)
        self._visible = visible
        self._ids = Ulids(now)
        self._next: int = numbered(db) + 1
        self._made: list[tuple[Any, ...]] = []

    def take(self, row: Row) -> int | None:
        """The number of a new profile; None where somebody may be known, or the row is special.

        The row is used up.
        """
        person = row.attributes
        patch = (row.meta.patch_properties or None) if row.meta else None
        email = person.email.lower() if person.email else None
        phone, external = person.phone_number or None, person.external_id or None
        if row.id or (patch and (patch.append or patch.unappend)):
            return None
        if email is None and phone is None and external is None:
            return None
        # Looked up and noted in one go; a number that comes to nothing is a hint that misleads
        # nobody, and is not given again in this job.
        number = self._next
        self._next += 1
        emails, phones, externals = self._by
        if email and emails.setdefault(hash(email), number) != number:
            return None
        if phone and phones.setdefault(hash(phone), number) != number:
            return None
        if external and externals.setdefault(hash(external), number) != number:
            return None
        if person.properties:
            _settle(person.properties, patch)
        # What is left to encode are the attributes that are kept as JSON.
        person.email = person.phone_number = person.external_id = person.kx = None
        now = self._now
        attributes, identifier = _encode(person), self._ids.next()
        self._made.append(
            (number, identifier, email, phone, external, now, now, self._visible, attributes)
        )
        return number

    def save(self) -> None:
        """Write them."""
        self._db.executemany(
            "INSERT INTO profiles (n, id, email, phone_number, external_id, created, updated, "
            "visible, attributes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self._made,
        )
        self._made.clear()


def _settle(properties: dict[str, Any], patch: Patch | None) -> None:
    """Leave out what is null, and what is unset at once."""
    unset = patch.unset if patch else None
    for name in [unset] if isinstance(unset, str) else unset or ():
        properties.pop(name, None)
    if None in properties.values():
        for name in [name for name, value in properties.items() if value is None]:
            del properties[name]
