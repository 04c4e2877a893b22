"""The body of a bulk import as it should be, read at the speed that ten thousand rows need.

A body that fits is valid by its schema in `shapes`; one that does not is read and refused in the
general way, which knows the reasons.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from nevent_sandbox.klaviyo.identifiers import is_email, is_phone
from nevent_sandbox.klaviyo.person_rules import MOST_BYTES, MOST_EXTERNAL_ID
from nevent_sandbox.klaviyo.shapes import MOST_PROFILES

# Compact JSON of a row that was no longer than this is within the limit, however numbers were
# written: 1E15 becomes 1000000000000000.0.
_SMALL = MOST_BYTES // 5


class Location(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Where a person lives."""

    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    country: str | None = None
    latitude: str | int | float | None = None
    longitude: str | int | float | None = None
    region: str | None = None
    zip: str | None = None
    timezone: str | None = None
    ip: str | None = None


class Attributes(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What is known of a person. Null and missing are the same to an import."""

    email: str | None = None
    phone_number: str | None = None
    external_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    organization: str | None = None
    locale: str | None = None
    title: str | None = None
    image: str | None = None
    location: Location | None = None
    properties: dict[str, Any] | None = None
    kx: str | None = msgspec.field(default=None, name="_kx")


class Patch(Struct, forbid_unknown_fields=True, gc=False):
    """What happens to single properties."""

    append: dict[str, Any] | None = None
    unappend: dict[str, Any] | None = None
    unset: str | list[str] | None = None


class PatchIdentifiers(Struct, forbid_unknown_fields=True, gc=False):
    """Taken and ignored."""

    append: dict[str, Any] | UnsetType = UNSET
    unappend: dict[str, Any] | UnsetType = UNSET


class Meta(Struct, forbid_unknown_fields=True, gc=False):
    """What goes with a profile."""

    patch_properties: Patch | UnsetType = UNSET
    patch_identifiers: PatchIdentifiers | UnsetType = UNSET


class Row(Struct, forbid_unknown_fields=True, gc=False):
    """One profile resource."""

    type: Literal["profile"]
    attributes: Attributes
    id: str | None = None
    meta: Meta | UnsetType = UNSET


class _Rows(Struct, forbid_unknown_fields=True):
    data: list[Raw]


class _Job(Struct, forbid_unknown_fields=True):
    profiles: _Rows


class _List(Struct, forbid_unknown_fields=True):
    type: Literal["list"]
    id: str


class _Lists(Struct, forbid_unknown_fields=True):
    data: list[_List] = []


class _Relationships(Struct, forbid_unknown_fields=True):
    lists: _Lists | UnsetType = UNSET


class _Data(Struct, forbid_unknown_fields=True):
    type: Literal["profile-bulk-import-job"]
    attributes: _Job
    relationships: _Relationships | UnsetType = UNSET


class _Body(Struct, forbid_unknown_fields=True):
    data: _Data


_body = msgspec.json.Decoder(_Body).decode
row = msgspec.json.Decoder(Row).decode
"""One row of its JSON.

Raises:
    msgspec.DecodeError: it is none.
"""


class Import:
    """A body in which nothing is wrong: rows as they came, and read; ids of lists."""

    def __init__(self, raws: list[Raw], rows: list[Row], lists: list[str]) -> None:
        self.raws = raws
        self.rows = rows
        self.lists = lists


def sound_import(body: bytes) -> Import | None:
    """A body in which nothing is wrong; else None.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError, RecursionError: something is.
    """
    data = _body(body).data
    raws = data.attributes.profiles.data
    if len(raws) > MOST_PROFILES:
        return None
    rows = [row(each) for each in raws]
    if not all(map(_sound, rows)) or any(len(memoryview(each)) > _SMALL for each in raws):
        return None
    related = data.relationships
    asked = related.lists.data if related and related.lists else []
    return Import(raws, rows, [each.id for each in asked])


def _sound(each: Row) -> bool:
    """Whether `person_rules.problems` finds nothing, but for the size."""
    person = each.attributes
    email, phone, external = person.email, person.phone_number, person.external_id
    if email is not None and not is_email(email):
        return False
    if phone is not None and not is_phone(phone):
        return False
    if external and len(external) > MOST_EXTERNAL_ID:
        return False
    return bool(email or phone or external or each.id or person.kx)
