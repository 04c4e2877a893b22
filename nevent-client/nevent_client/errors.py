"""What can go wrong with Nevent; the class says who must act."""

from __future__ import annotations

import re

_PERSONAL = re.compile(r"[^\s\"'<>,;]+@[^\s\"'<>,;]+|\+?\d[\d\s().-]{6,}\d|[0-9A-Za-z_-]{40,}")


class NeventError(Exception):
    """Nevent refused something; the subclass says who must act.

    `status` is that of the answer; None where there was none.
    """

    status: int | None = None


class UnavailableError(NeventError):
    """Retries are spent. Stop; the state stays; the next run repeats.

    `wait` is how many seconds Nevent asks for, where that is more than a run waits.
    """

    wait: float | None = None


class UncertainError(UnavailableError):
    """The answer to what may be done only once got lost: look whether it was done, then go on."""


class DeniedError(NeventError):
    """401, 403 or another tenant's token: a person must fix the token, its role or the tenant."""


class AddressError(NeventError):
    """Nobody there speaks Nevent's language: a person must fix the address."""


class NotServedError(NeventError):
    """This Nevent does not serve the operation: fall back, or leave the stream out."""


class UnknownError(NeventError):
    """404: Nevent has no such person or newsletter, or none any more. Note it and go on."""


class RefusedError(NeventError):
    """400 or the like: the request does not suit this Nevent; the contract needs an override."""


class InvalidError(RefusedError):
    """422: Nevent understood and does not take this value. Note the record and go on."""


class ConflictError(RefusedError):
    """409: it is there already, such as a subscription or a person with this e-mail."""


def scrubbed(detail: object) -> str:
    """Text of Nevent's own, cut to 200 characters, without e-mails, phones or tokens."""
    return _PERSONAL.sub("[…]", str(detail or ""))[:200]
