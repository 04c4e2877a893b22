"""What an answer of Klaviyo's means: which error, and worth another try or not."""

from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec

from klaviyo_client.errors import (
    DeniedError,
    ForbiddenError,
    KlaviyoError,
    Problem,
    QuotaError,
    RejectedError,
    UnavailableError,
    redacted,
)
from klaviyo_client.limits import Operation  # noqa: TC001  # a signature people read

Document = dict[str, Any]

UNKNOWN_OUTCOMES = frozenset({504, 524})  # a gateway's word that it heard nothing: no refusal
LONGEST_WAIT = 600.0  # seconds; a longer Retry-After is a daily quota, which no run should wait out


class RetryError(KlaviyoError):
    """Worth another try, after `seconds` where Klaviyo said so. It never leaves the session."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


def failure(operation: Operation, response: httpx.Response) -> KlaviyoError:
    """The error that an answer other than 2xx amounts to."""
    status = response.status_code
    problems = _problems(response)
    detail = "; ".join(dict.fromkeys(p.detail for p in problems[:5])) or response.reason_phrase
    text = f"{operation.name}: {status} {detail}"
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return _throttled(operation, response, text)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT:
        seconds = leading_int(response.headers.get("retry-after"))
        return RetryError(text, min(seconds, LONGEST_WAIT) if seconds else None)
    if status == httpx.codes.FORBIDDEN and not problems:
        # Not every 403 is about the key: the CDN's challenge is a web page.
        return RetryError(f"{text} (a web page instead of an answer: a challenge).")
    if status == httpx.codes.UNAUTHORIZED:
        text += (
            " The API key is not accepted: check that it was copied whole (it begins with pk_), "
            "that it was not revoked, and that the account is active."
        )
    elif status == httpx.codes.FORBIDDEN:
        text += (
            f" The key needs: {', '.join(operation.scopes)}. The scopes of a key cannot be "
            "edited: create a new private key in Klaviyo with these scopes."
        )
        return ForbiddenError(text)
    else:
        return RejectedError(text, status=status, problems=problems)
    return DeniedError(text)


def unsent(error: httpx.RequestError) -> bool:
    """Whether a request that failed never left: nothing can have been applied."""
    return isinstance(
        error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
    )


def document(operation: Operation, answer: httpx.Response) -> Document:
    """What a 2xx answer holds.

    Raises:
        UnavailableError: it is no JSON.
    """
    try:
        found: Document = decoded(answer.content)
    except ValueError:
        raise UnavailableError(
            f"{operation.name}: {answer.status_code}, but the answer is no JSON. Something other "
            "than Klaviyo answers: check api_url and any proxy."
        ) from None
    return found


def decoded(content: bytes) -> Any:
    """What some JSON says.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:  # half an emoji, where a text was cut, is too much for it
        return json.loads(content)


def window(headers: httpx.Headers) -> tuple[int, int] | None:
    """Requests left of an operation, and the seconds until there are more; None if untold."""
    remaining = leading_int(headers.get("ratelimit-remaining"))
    reset = leading_int(headers.get("ratelimit-reset"))
    return None if remaining is None or reset is None else (remaining, reset)


def leading_int(value: str | None) -> int | None:
    """The first number of a header: the exact spelling of RateLimit-* is not documented."""
    head = (value or "").strip().partition(",")[0].partition(";")[0]
    return int(head) if head.isdecimal() else None


def _throttled(operation: Operation, response: httpx.Response, text: str) -> KlaviyoError:
    told = leading_int(response.headers.get("retry-after"))
    if told is None:
        return RetryError(text)
    seconds = float(max(told, 1))
    if seconds <= LONGEST_WAIT:
        return RetryError(text, seconds)
    most = f" of {operation.daily} for the whole account" if operation.daily else ""
    return QuotaError(
        f"{text} Klaviyo asks to wait {seconds:.0f} s: a daily quota{most} is used up. Run again "
        "when it has passed.",
        seconds=seconds,
    )


def _problems(response: httpx.Response) -> list[Problem]:
    if "json" not in response.headers.get("content-type", ""):
        return []
    try:
        errors = decoded(response.content)["errors"]
    except (ValueError, KeyError, TypeError):
        return []
    return [
        Problem(
            code=str(error.get("code", "")),
            detail=redacted(str(error.get("detail") or error.get("title") or "")),
            pointer=(error.get("source") or {}).get("pointer"),
            duplicate_id=(error.get("meta") or {}).get("duplicate_profile_id"),
        )
        for error in errors
    ]
