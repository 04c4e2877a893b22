"""What a record says of a person's consent: per channel, with the time it was given."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from singer_outcomes.rejects import RejectedError
from singer_outcomes.sink import WithheldError

from target_klaviyo.moments import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

Channel = Literal["email", "sms"]
IDENTIFIERS: Mapping[Channel, str] = {"email": "email", "sms": "phone_number"}
_WORDS = {
    **dict.fromkeys(("subscribed", "true", "confirmed"), True),
    **dict.fromkeys(("unsubscribed", "false"), False),
    **dict.fromkeys(("pending", ""), None),
}
UNDATED = "undated: neither consent nor objection"
SAYS_NOTHING = "says nothing of consent"
AHEAD = "dated in the future: no consent yet"
SKEW = timedelta(minutes=5)
NO_IDENTIFIER = "no identifier for the channel"


class Stated(msgspec.Struct, frozen=True, array_like=True):
    """A consent (`subscribed`) or its end, and when it was given: in whole seconds, UTC."""

    subscribed: bool
    at: datetime


class Statement(msgspec.Struct, omit_defaults=True):
    """All that one record says; with `list_id` it is about this list only.

    `digits`: the phone as it was written, where its country had to be guessed; `of`: the address of
    the profile that may tell the right one.
    """

    channels: dict[Channel, Stated]
    email: str | None = None
    phone_number: str | None = None
    list_id: str | None = None
    custom_source: str | None = None
    source: str | None = None
    text_version: str | None = None
    digits: str | None = None
    of: str | None = None

    def identifier(self, channel: Channel) -> str:
        """Who the channel reaches."""
        return str(self.email if channel == "email" else self.phone_number)


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Statement).decode


def statement(
    record: Mapping[str, Any], *, list_id: str | None, now: datetime
) -> tuple[Statement, list[str]]:
    """What a flat `subscriptions` record says, and why some channel of it says nothing.

    Args:
        record: with identifiers already normalised.
        list_id: of the list that the record names.
        now: a consent dated after it is none yet; clocks may differ by a few minutes.

    Raises:
        RejectedError: a consent or time that cannot be read.
        WithheldError: nothing is said that may be acted upon.
    """
    channels: dict[Channel, Stated] = {}
    left_out: list[str] = []
    for channel, identifier in IDENTIFIERS.items():
        column = f"{channel}_consent"
        word = str("" if record.get(column) is None else record[column]).strip().lower()
        if word not in _WORDS:
            raise RejectedError(f"{column} is neither subscribed nor unsubscribed", column=column)
        subscribed = _WORDS[word]
        if subscribed is None:
            continue
        at = record.get(f"{column}ed_at")
        if not record.get(identifier):
            left_out.append(NO_IDENTIFIER)
        elif not at:
            left_out.append(UNDATED)
        else:
            since = _moment(at, f"{column}ed_at")
            if subscribed and since > now + SKEW:
                left_out.append(AHEAD)
            else:
                channels[channel] = Stated(subscribed, since)
    if not channels:
        raise WithheldError(left_out[0] if left_out else SAYS_NOTHING)
    text = {
        name: str(record[column]) if record.get(column) else None
        for name, column in (
            ("custom_source", "custom_source"),
            ("source", "consent_source"),
            ("text_version", "consent_text_version"),
        )
    }
    said = Statement(
        channels,
        email=record.get("email") if "email" in channels else None,
        phone_number=record.get("phone_number") if "sms" in channels else None,
        list_id=list_id,
        **text,
    )
    return said, left_out


def identity(email: str | None, phone_number: str | None, list_id: str | None) -> str:
    """Tells whose statement it is, and about which list.

    By both identifiers: two people may share an address, and neither's word is about the other's
    phone.
    """
    return f"{email or ''}|{phone_number or ''}|{list_id or ''}"


def merged(earlier: bytes, later: bytes) -> bytes:
    """Two statements of one person and list as one: per channel the latest, else the no."""
    before, after = decode(earlier), decode(later)
    for channel, stated in before.channels.items():
        other = after.channels.get(channel)
        if other is None or (stated.at, not stated.subscribed) > (other.at, not other.subscribed):
            after.channels[channel] = stated
    after.email = after.email or before.email
    after.phone_number = after.phone_number or before.phone_number
    return encode(after)


def _moment(value: Any, column: str) -> datetime:
    try:
        return moment(value)
    except (TypeError, ValueError, OverflowError):
        raise RejectedError(f"{column} is not ISO 8601", column=column) from None
