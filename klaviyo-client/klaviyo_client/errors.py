"""What Klaviyo may answer besides success. The class says who must act."""

from __future__ import annotations

import re
from typing import NamedTuple

_EMAIL = re.compile(r"[^\s@'\"<>,;]+@[^\s@'\"<>,;]+")
_PHONE = re.compile(r"\+?\d[\d\s().-]{7,}\d")


class Problem(NamedTuple):
    """One entry of a JSON:API error answer; its detail holds no e-mail and no phone number.

    `duplicate_id`: the profile that has the identifier already, in a 409.
    """

    code: str
    detail: str
    pointer: str | None
    duplicate_id: str | None = None


class KlaviyoError(Exception):
    """Klaviyo refused something; the subclass says who must act."""


class UnavailableError(KlaviyoError):
    """Retries are spent, or the run was asked to stop. The state stays; the next run repeats."""


class QuotaError(UnavailableError):
    """A daily quota is used up. It is free again in `seconds`, which no run should wait out."""

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class UncertainError(KlaviyoError):
    """A `create` was sent and its answer is lost: the caller looks whether it was applied."""


class DeniedError(KlaviyoError):
    """401 or 403: a person must mend the key, its scopes or the account."""


class ForbiddenError(DeniedError):
    """403: the key is known, but lacks a scope (or the account is suspended)."""


class RejectedError(KlaviyoError):
    """4xx: the request is unacceptable as it is. `problems` says what and where."""

    def __init__(self, message: str, *, status: int, problems: list[Problem]) -> None:
        super().__init__(message)
        self.status = status
        self.problems = problems


def redacted(text: str) -> str:
    """The text with every e-mail address and phone number taken out."""
    return _PHONE.sub("<phone>", _EMAIL.sub("<e-mail>", text))
