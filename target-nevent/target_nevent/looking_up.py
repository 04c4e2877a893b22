"""One person asked for by one identifier, and the ways to write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import phonenumbers
from nevent_client.errors import RefusedError, UnknownError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_nevent.calls import Calls

ODD = "identifiers that Nevent takes for none"
# Whom nobody is: tells an odd identifier from an operation that this Nevent does not understand.
_NOBODY = {"user": {"id": "0" * 24}, "user_by_email": {"email": "nobody@nevent.es"}}


def looked_up(calls: Calls, name: str, **path: str) -> dict[str, Any] | None:
    """One fan's row; None where Nevent knows nobody by this, or takes it for no identifier.

    Raises:
        RefusedError: nobody can be looked up so, whoever it is.
    """
    try:
        row: dict[str, Any] = calls.read(name, path=path)
    except UnknownError:
        return None
    except RefusedError:
        if path == _NOBODY[name]:
            raise
        looked_up(calls, name, **_NOBODY[name])
        calls.note(ODD)
        return None
    return row


def spellings(number: str) -> Iterable[str]:
    """How people write a number: E.164, in digits, and as is usual in its country."""
    parsed = phonenumbers.parse(number)
    national = phonenumbers.PhoneNumberFormat.NATIONAL
    return dict.fromkeys(
        (
            number,
            phonenumbers.national_significant_number(parsed),
            phonenumbers.format_number(parsed, national),
        )
    )
