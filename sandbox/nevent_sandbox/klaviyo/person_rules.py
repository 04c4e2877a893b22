"""What no schema says about a profile in a body: identifiers, their syntax, its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from nevent_sandbox.klaviyo.errors import Document, invalid
from nevent_sandbox.klaviyo.identifiers import MOST_EMAIL, is_email, is_phone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

MOST_BYTES = 100_000
MOST_BYTES_IN_EVENT = 95_000
MOST_EXTERNAL_ID = 255
BAD_PHONE = "Invalid phone number format (Example of a valid format: +12345678901)"
NOBODY = (
    "At least one identifier is required: id, email, phone_number, external_id, anonymous_id or "
    "_kx."
)
_encode = msgspec.json.Encoder().encode


def size(row: Document) -> int:
    """Bytes of compact JSON."""
    return len(_encode(row))


def problems(
    row: Document,
    pointer: str,
    *,
    most_bytes: int = MOST_BYTES,
    anonymous: bool = True,
    malformed: AbstractSet[str] = frozenset(),
) -> Iterator[Document]:
    """What is wrong with one profile resource.

    `pointer` is where it stands in the body; `anonymous`, whether having no identifier is wrong;
    `malformed` holds addresses in lower case that a test has declared so.
    """
    attributes = row["attributes"]
    email, phone = attributes.get("email"), attributes.get("phone_number")
    if email is not None and (email.lower() in malformed or not is_email(email)):
        detail = "Invalid email address"
        if len(email) > MOST_EMAIL:
            detail += f": longer than {MOST_EMAIL} characters"
        yield invalid(detail, f"{pointer}/attributes/email")
    if phone is not None and not is_phone(phone):
        yield invalid(BAD_PHONE, f"{pointer}/attributes/phone_number")
    external = attributes.get("external_id")
    if external and len(external) > MOST_EXTERNAL_ID:
        yield invalid(
            f"external_id is longer than {MOST_EXTERNAL_ID} characters.",
            f"{pointer}/attributes/external_id",
        )
    if anonymous and not (
        email
        or phone
        or external
        or row.get("id")
        or attributes.get("anonymous_id")
        or attributes.get("_kx")
    ):
        yield invalid(NOBODY, f"{pointer}/attributes")
    if size(row) > most_bytes:
        yield invalid(f"The profile is larger than {most_bytes // 1000} KB.", pointer)
