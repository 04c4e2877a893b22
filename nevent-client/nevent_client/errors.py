"""What can go wrong with Nevent; the class says who must act."""

from __future__ import annotations

import re

_PERSONAL = re.compile(r"[^\s\"'<>,;]+@[^\s\"'<>,;]+|\+?\d[\d\s().-]{6,}\d|[0-9A-Za-z_-]{40,}")


class NeventError(Exception):
    """Nevent refused something; the subclass says who must act."""


class UnavailableError(NeventError):
    """Retries are spent. Stop; the state stays; the next run repeats."""


class DeniedError(NeventError):
    """401, 403 or another tenant's token: a person must fix the token, its role or the tenant."""


class AddressError(NeventError):
    """Nobody there speaks Nevent's language: a person must fix the address."""


class NotServedError(NeventError):
    """This Nevent does not serve the operation: fall back, or leave the stream out."""


class RefusedError(NeventError):
    """400 or the like: the request does not suit this Nevent; the contract needs an override."""


def scrubbed(detail: object) -> str:
    """Text of Nevent's own, cut to 200 characters, without e-mails, phones or tokens."""
    return _PERSONAL.sub("[…]", str(detail or ""))[:200]
