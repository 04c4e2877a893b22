"""What answers and addresses mean."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nevent_client.errors import (
    AddressError,
    ConflictError,
    DeniedError,
    InvalidError,
    NeventError,
    NotServedError,
    RefusedError,
    UnavailableError,
    UncertainError,
    UnknownError,
    scrubbed,
)

if TYPE_CHECKING:
    from nevent_client.connections import Answer

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_UNSUITABLE: tuple[type[NeventError], str] = (
    RefusedError,
    "The request does not suit this Nevent; the setting `operations` can adapt it.",
)
_MEANINGS: dict[int, tuple[type[NeventError], str]] = {
    HTTPStatus.UNAUTHORIZED: (
        DeniedError,
        (
            "Nevent does not accept the token: issue a new one under Settings > Integrations > API "
            "Tokens and set auth_token (and refresh_token, if you have one)."
        ),
    ),
    HTTPStatus.FORBIDDEN: (DeniedError, "The token's role may not do this: it needs ADMIN."),
    HTTPStatus.NOT_FOUND: (NotServedError, "This Nevent does not serve the operation."),
    HTTPStatus.CONFLICT: (ConflictError, "Nevent has it already."),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        InvalidError,
        "Nevent does not take a value: correct it at its source.",
    ),
}


def refusal(label: str, answer: Answer, subject: str = "") -> NeventError:
    """What a refused request means, and who must act; `subject` is what its path names."""
    error = _refusal(label, answer, subject)
    error.status = answer.status_code
    return error


def _refusal(label: str, answer: Answer, subject: str) -> NeventError:
    status = answer.status_code
    try:
        words = scrubbed(detail(answer.json()))
    except ValueError:
        words = ""
    said = f"{label}: {status} {words}".rstrip()
    if status == HTTPStatus.NOT_FOUND and subject:
        return UnknownError(f"{said}. Nevent has no such {subject}, or none any more.")
    if status < HTTPStatus.BAD_REQUEST:
        return AddressError(f"{said}. The address redirects: set the one it leads to.")
    kind, meaning = _MEANINGS.get(status, _UNSUITABLE)
    return kind(f"{said}. {meaning}")


def too_long(label: str, status: int, wait: float, most: float) -> UnavailableError:
    """Nevent asks to wait longer than a run does, as when a quota is spent."""
    error = UnavailableError(
        f"{label}: {status}; Nevent asks to wait {wait:,.0f} seconds, more than the {most:,.0f} "
        "that a run waits. Run again then: the state is kept and nothing is lost."
    )
    error.status, error.wait = status, wait
    return error


def given_up(said: str, status: int, tries: int, *, lost: bool) -> UnavailableError:
    """Retries are spent; or, where repeating may do a thing twice, its first answer got lost."""
    error: UnavailableError
    if lost:
        error = UncertainError(
            f"{said}. Whether Nevent did it is unknown, and it may be done only once: look there "
            "before asking again."
        )
    else:
        error = UnavailableError(
            f"{said} ({tries} tries). Nevent does not answer as it should. If this is the first "
            "run, check api_url and data_api_url; if not, run again later: the state is kept and "
            "nothing is lost."
        )
    error.status = status or None
    return error


def detail(body: Any) -> object:
    """Nevent's own words for what is wrong."""
    if not isinstance(body, dict):
        return ""
    error = body.get("error")
    if isinstance(error, dict):
        error = error.get("message")
    return body.get("message") or error


def asked_wait(answer: Answer) -> float | None:
    """Seconds the server asks to wait: in the body, as Nevent does, or in the header."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    asked = body.get("retryAfter") if isinstance(body, dict) else None
    try:
        return float(answer.headers.get("Retry-After", "") if asked is None else asked)
    except ValueError:
        return None


def checked(url: str) -> str:
    """An address fit to send a token to: https, or this machine.

    Raises:
        AddressError: it is neither.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise AddressError(f"'{host(url)}' is no address: write it as https://api.nevent.es.")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise AddressError(f"{host(url)}: the token goes over https only; write https://.")
    return url.rstrip("/")


def host(url: str) -> str:
    """The address without user, path or query, fit for a message."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else scrubbed(url)
