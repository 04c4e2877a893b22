"""Ids as Klaviyo makes them, and which e-mail addresses and phone numbers it takes."""

from __future__ import annotations

import base64
import random
import re
import string
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

MOST_EMAIL = 100
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _CROCKFORD for b in _CROCKFORD]
_MIXED = string.digits + string.ascii_uppercase + string.ascii_lowercase  # as texts are sorted
_MIXED_PAIRS = [a + b for a in _MIXED for b in _MIXED]
# Two at a time from twelve random bits; that a few come twice matters to nobody.
_TWO_MIXED = [_MIXED[n // 62 % 62] + _MIXED[n % 62] for n in range(4096)]

# The usual ones; anything else goes to a library that knows them all, at a hundred times the cost.
_USUAL_EMAIL = re.compile(
    r"[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,60}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
_USUAL_PHONE = re.compile(r"\+(?:34[67]\d{8}|351[29]\d{8}|33[67]\d{8}|447[4-9]\d{8}|3934\d{8})")


class Ulids:
    """Profile ids made at one moment: 48 bits of milliseconds, 60 of chance, 20 that count up.

    Counting keeps them in order, as the ULID specification allows, and is cheap.
    """

    def __init__(self, now: float) -> None:
        chance = random.getrandbits(60)
        bits = (int(now * 1000) << 60) | chance
        self._head = "".join([_PAIRS[(bits >> shift) & 1023] for shift in range(100, -1, -10)])
        self._count = random.getrandbits(18)

    def next(self) -> str:
        """Another one."""
        self._count += 1
        return f"{self._head}{_PAIRS[self._count >> 10]}{_PAIRS[self._count & 1023]}"


class EventIds:
    """Event ids of one transaction, 11 characters: seven of chance, four that count up.

    An index takes what comes in order at a fraction of the cost of what comes anyhow.
    """

    def __init__(self) -> None:
        self._head = short_id(7)
        self._count = random.getrandbits(23)

    def next(self) -> str:
        """Another one."""
        self._count += 1
        high, low = divmod(self._count, len(_MIXED_PAIRS))
        return f"{self._head}{_MIXED_PAIRS[high]}{_MIXED_PAIRS[low]}"


def short_id(length: int) -> str:
    """A list's or metric's id (6 characters) or an event's (11)."""
    bits = random.getrandbits(6 * length + 6)
    return "".join([_TWO_MIXED[bits >> at & 4095] for at in range(0, 6 * length, 12)])[:length]


def number_id(length: int) -> str:
    """A flow action's id: digits."""
    return "".join(random.choices(string.digits[1:], k=length))  # noqa: S311  # no secret


def job_id(now: float) -> str:
    """A job's id: opaque."""
    text = f"Profile.maintenance:bulk-import.{short_id(4)}.{int(now * 1_000_000)}.{short_id(6)}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@lru_cache(maxsize=65_536)
def _rare_email(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return False
    return True


@lru_cache(maxsize=65_536)
def _rare_phone(text: str) -> bool:
    if not re.fullmatch(r"\+[1-9]\d{6,14}", text):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text))
    except phonenumbers.NumberParseException:
        return False


def is_email(text: str) -> bool:
    """Whether Klaviyo takes it as an address."""
    if len(text) > MOST_EMAIL:
        return False
    return _USUAL_EMAIL.fullmatch(text) is not None or _rare_email(text)


def is_phone(text: str) -> bool:
    """Whether it is a number in E.164 that exists in its country's plan."""
    return _USUAL_PHONE.fullmatch(text) is not None or _rare_phone(text)
