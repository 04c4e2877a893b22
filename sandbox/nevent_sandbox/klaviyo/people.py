"""Who a profile is: found by its identifiers, made when unknown, saved in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo.consent_tables import numbered
from nevent_sandbox.klaviyo.errors import duplicate_profile, not_found
from nevent_sandbox.klaviyo.identifiers import Ulids
from nevent_sandbox.klaviyo.identities import AMONG, IDENTIFIERS, OTHERS
from nevent_sandbox.klaviyo.merging import merged, patched

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from nevent_sandbox.klaviyo.errors import Document
    from nevent_sandbox.klaviyo.identities import Identities

COLUMNS = (
    "n, id, email, phone_number, external_id, anonymous_id, created, updated, last_event, "
    "attributes"
)
_IDENTIFYING = frozenset({*IDENTIFIERS, "_kx", "meta"})
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Person:
    """One profile while it is worked on."""

    __slots__ = (
        "_attributes",
        "_kept",
        "anonymous_id",
        "created",
        "email",
        "external_id",
        "id",
        "last_event",
        "n",
        "phone_number",
        "updated",
    )

    def __init__(self, row: tuple[Any, ...]) -> None:
        self.n: int = row[0]
        self.id: str = row[1]
        self.email: str | None = row[2]
        self.phone_number: str | None = row[3]
        self.external_id: str | None = row[4]
        self.anonymous_id: str | None = row[5]
        self.created: int = row[6]
        self.updated: int = row[7]
        self.last_event: int | None = row[8]
        self._kept: bytes | None = row[9]
        self._attributes: Document | None = None

    @property
    def attributes(self) -> Document:
        """Names, location, properties; read when somebody looks, as few do."""
        if self._attributes is None:
            self._attributes = _decode(self._kept) if self._kept else {}
        return self._attributes

    @attributes.setter
    def attributes(self, attributes: Document) -> None:
        self._attributes = attributes

    def row(self) -> tuple[Any, ...]:
        """The columns after n and id."""
        return (
            self.email,
            self.phone_number,
            self.external_id,
            self.anonymous_id,
            self.created,
            self.updated,
            self.last_event,
            self._kept if self._kept and self._attributes is None else _encode(self.attributes),
        )


class People:
    """Profiles touched by one request, inside one transaction.

    Args:
        now: seconds; becomes `created` and `updated`.
        visible: from when reads see those that are new.
    """

    def __init__(
        self, db: sqlite3.Connection, identities: Identities, *, now: float, visible: float
    ) -> None:
        self._db = db
        self._identities = identities
        self._now = int(now)
        self._visible = visible
        self._ids = Ulids(now)
        self._by: dict[str, dict[str, Person]] = {name: {} for name in ("id", *IDENTIFIERS)}
        self._new: dict[int, Person] = {}
        self._touched: dict[int, Person] = {}
        self._next: int = numbered(db) + 1

    def load(self, rows: Iterable[Document]) -> None:
        """Fetch whoever these profile resources may be about."""
        if self._next == 1:
            return  # there is nobody yet
        wanted: dict[str, list[str]] = {name: [] for name in self._by}
        for row in rows:
            if row.get("id"):
                wanted["id"].append(row["id"])
            attributes = row["attributes"]
            if email := attributes.get("email"):
                wanted["email"].append(email.lower())
            if phone := attributes.get("phone_number"):
                wanted["phone_number"].append(phone)
            for name in OTHERS:
                if attributes.get(name):
                    wanted[name].append(attributes[name])
        self._fetch("id", wanted.pop("id"))
        numbers: set[int] = set()
        for name, values in wanted.items():
            numbers |= self._identities.of(name, values)
        self._fetch("n", sorted(numbers))

    def _fetch(self, column: str, values: list[str] | list[int]) -> None:
        if not values:
            return
        sql = f"SELECT {COLUMNS} FROM profiles WHERE {column} IN {AMONG}"  # noqa: S608  # our own names
        for found in self._db.execute(sql, [_encode(values).decode()]):
            if found[1] not in self._by["id"]:
                self._index(Person(found))

    def upsert(self, row: Document, *, clears: bool) -> tuple[Person, bool]:
        """Apply one profile resource; the person, and whether they are new.

        With `clears` a null clears; else it is not applied.

        Raises:
            ApiError: 404 for an unknown id, 409 when the identifiers belong to two profiles.
        """
        attributes = row["attributes"]
        person = self.find(row)
        created = person is None
        if person is None:
            blank = (self._next, self._ids.next(), *[None] * 4, self._now, self._now, None, None)
            person = Person(blank)
            self._next += 1
            self._new[person.n] = person
            self._by["id"][person.id] = person
        self._identify(person, attributes, clears=clears)
        if not attributes.keys() <= _IDENTIFYING:
            merged(person.attributes, attributes, clears=clears)
        meta = row.get("meta") or attributes.get("meta")
        if meta:
            patched(person.attributes, meta.get("patch_properties") or {})
        self.touch(person)
        return person, created

    def identified(self, row: Document) -> Person | None:
        """Whom a row is about, made when unknown, touched only by identifiers that are new.

        None without any identifier that finds or makes somebody.

        Raises:
            ApiError: 404 for an unknown id, 409 when the identifiers belong to two profiles.
        """
        attributes = row["attributes"]
        given = {name: attributes[name] for name in IDENTIFIERS if attributes.get(name)}
        if "email" in given:
            given["email"] = given["email"].lower()
        person = self.find(row)
        if person is None and not given:
            return None
        if person is None or any(getattr(person, name) != given[name] for name in given):
            person, _ = self.upsert({"id": row.get("id"), "attributes": given}, clears=False)
        return person

    def find(self, row: Document) -> Person | None:
        """Whom a profile resource is about: by id, else e-mail, else phone, else the others.

        Raises:
            ApiError: 404 for an unknown id, 409 when the identifiers belong to two profiles.
        """
        attributes = row["attributes"]
        email, phone = attributes.get("email"), attributes.get("phone_number")
        by_email = self._by["email"].get(email.lower()) if email else None
        by_phone = self._by["phone_number"].get(phone) if phone else None
        if row.get("id"):
            person = self._by["id"].get(row["id"])
            if person is None:
                raise not_found("profile", row["id"])
            for other in (by_email, by_phone):
                if other not in {None, person}:
                    raise duplicate_profile(other.id)
            return person
        if by_email is not None:
            if by_phone not in {None, by_email}:
                raise duplicate_profile(by_phone.id)
            return by_email
        if by_phone is not None:
            if email and by_phone.email:
                raise duplicate_profile(by_phone.id)
            return by_phone
        if email or phone:
            return None  # external ids take no part in merging
        for name in OTHERS:
            found = self._by[name].get(attributes.get(name) or "")
            if found is not None:
                return found
        return None

    def of(self, identifier: str) -> Person:
        """Someone who was loaded by id."""
        return self._by["id"][identifier]

    def pour(self, source: Person, person: Person) -> None:
        """Give a person what another one has and they lack."""
        for name in IDENTIFIERS:
            value = getattr(source, name)
            if value and not getattr(person, name):
                setattr(person, name, value)
                self._identities.note(name, value, person.n)
        held, person.attributes = person.attributes, source.attributes
        merged(person.attributes, held, clears=False)
        person.last_event = max(person.last_event or 0, source.last_event or 0) or None
        self.touch(person)

    def touch(self, person: Person) -> None:
        """Have a person saved."""
        person.updated = self._now
        if person.n not in self._new:
            self._touched[person.n] = person

    def save(self) -> None:
        """Write everyone who is new or touched."""
        self._db.executemany(
            f"INSERT INTO profiles ({COLUMNS}, visible) VALUES ({', '.join('?' * 11)})",  # noqa: S608  # our own names
            [(each.n, each.id, *each.row(), self._visible) for each in self._new.values()],
        )
        self._db.executemany(
            "UPDATE profiles SET email = ?, phone_number = ?, external_id = ?, anonymous_id = ?, "
            "created = ?, updated = ?, last_event = ?, attributes = ? WHERE n = ?",
            [(*each.row(), each.n) for each in self._touched.values()],
        )

    def _identify(self, person: Person, attributes: Document, *, clears: bool) -> None:
        for name in IDENTIFIERS:
            if name not in attributes:
                continue
            value = attributes[name] or None
            if value is None and not clears:
                continue
            if name == "email" and value:
                value = value.lower()
            held = getattr(person, name)
            if held == value:
                continue
            if held:
                self._by[name].pop(held, None)
            setattr(person, name, value)
            if value:
                self._by[name][value] = person
                self._identities.note(name, value, person.n)

    def _index(self, person: Person) -> None:
        self._by["id"][person.id] = person
        for name in IDENTIFIERS:
            value = getattr(person, name)
            if value:
                self._by[name].setdefault(value, person)
