"""Bodies that writing requests bring: strict about names and types, then about values."""

import re
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from nevent_sandbox.nevent.answers import BadRequestError, UnprocessableError
from nevent_sandbox.nevent.instants import MINUTE, moment

Body = TypeVar("Body")
_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\".]{2,}")
_LONGEST_EMAIL = 254
_SKEW = MINUTE  # a caller's clock may go ahead by so much


class Consent(Struct, forbid_unknown_fields=True):
    """What a form was told."""

    marketing: bool
    timestamp: str
    analytics: bool = False


class Subscribe(Struct, forbid_unknown_fields=True):
    """A sign-up; `properties` by definition id."""

    email: str
    consent: Consent
    properties: dict[str, str] = {}
    source: str | None = None  # assumed


class Sharing(Struct, forbid_unknown_fields=True):
    """Consent to third parties (assumed)."""

    granted: bool
    consentedAt: str | None = None  # noqa: N815 - the API's name
    source: str | None = None
    textVersion: str | None = None  # noqa: N815 - the API's name


class CustomValue(Struct, forbid_unknown_fields=True):
    """The value of one custom property; null takes it away."""

    propertyDefinitionId: str  # noqa: N815 - the API's name
    value: Any


class UserChange(Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields of a user; those left out stay."""

    name: str | UnsetType | None = UNSET
    surname: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    birthDate: str | UnsetType | None = UNSET  # noqa: N815 - the API's name
    gender: str | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    country: str | UnsetType | None = UNSET
    city: str | UnsetType | None = UNSET
    address: str | UnsetType | None = UNSET
    postalCode: str | UnsetType | None = UNSET  # noqa: N815 - the API's name
    customFieldValues: list[CustomValue] | UnsetType = UNSET  # noqa: N815 - the API's name
    thirdPartySharing: Sharing | UnsetType | None = UNSET  # noqa: N815 - the API's name, assumed


class NewUser(UserChange, forbid_unknown_fields=True, kw_only=True):
    """The same, and who it is."""

    email: str


class Preferences(Struct, forbid_unknown_fields=True, kw_only=True):
    """All four channels, and (assumed) when each of those that change did so."""

    emailEnabled: bool  # noqa: N815 - the API's name
    pushEnabled: bool  # noqa: N815 - the API's name
    smsEnabled: bool  # noqa: N815 - the API's name
    whatsappEnabled: bool  # noqa: N815 - the API's name
    emailChangedAt: str | None = None  # noqa: N815 - the API's name
    pushChangedAt: str | None = None  # noqa: N815 - the API's name
    smsChangedAt: str | None = None  # noqa: N815 - the API's name
    whatsappChangedAt: str | None = None  # noqa: N815 - the API's name


def read(body: dict[str, Any], kind: type[Body]) -> Body:
    """A body of this kind.

    Raises:
        BadRequestError: a field is unknown, missing or of another type; the message names it.
    """
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise BadRequestError(str(error)) from error


def email_in(text: str) -> str:
    """An address that mail can be sent to.

    Raises:
        UnprocessableError: it is none.
    """
    trimmed = text.strip()
    if len(trimmed) > _LONGEST_EMAIL or not _EMAIL.fullmatch(trimmed) or ".." in trimmed:
        raise UnprocessableError("Field 'email' is not a valid e-mail address")
    return trimmed


def past(text: str, name: str, now: int) -> int:
    """A moment with date and time that has come.

    Raises:
        UnprocessableError: it is no time, or lies ahead.
    """
    try:
        found = moment(text) if "T" in text else None
    except (ValueError, OverflowError):
        found = None
    if found is None or found < 0:  # before 1970: nobody agreed to mail then
        raise UnprocessableError(f"Field '{name}' is not an ISO 8601 time")
    if found > now + _SKEW:
        raise UnprocessableError(f"Field '{name}' lies in the future")
    return found
