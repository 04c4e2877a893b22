"""What answers and addresses mean."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nevent_client.errors import (
    AddressError,
    DeniedError,
    NeventError,
    NotServedError,
    RefusedError,
    scrubbed,
)

if TYPE_CHECKING:
    import requests

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def refusal(label: str, answer: requests.Response) -> NeventError:
    """What a refused request means, and who must act."""
    status = answer.status_code
    try:
        words = scrubbed(detail(answer.json()))
    except ValueError:
        words = ""
    said = f"{label}: {status} {words}".rstrip()
    if status == HTTPStatus.UNAUTHORIZED:
        return DeniedError(
            f"{said}. Nevent does not accept the token: issue a new one under Settings > "
            "Integrations > API Tokens and set auth_token (and refresh_token, if you have one)."
        )
    if status == HTTPStatus.FORBIDDEN:
        return DeniedError(f"{said}. The token's role may not do this: it needs ADMIN.")
    if status == HTTPStatus.NOT_FOUND:
        return NotServedError(f"{said}. This Nevent does not serve the operation.")
    if status < HTTPStatus.BAD_REQUEST:
        return AddressError(f"{said}. The address redirects: set the one it leads to.")
    return RefusedError(
        f"{said}. The request does not suit this Nevent; the setting `operations` can adapt it."
    )


def detail(body: Any) -> object:
    """Nevent's own words for what is wrong."""
    if not isinstance(body, dict):
        return ""
    error = body.get("error")
    if isinstance(error, dict):
        error = error.get("message")
    return body.get("message") or error


def asked_wait(answer: requests.Response) -> float | None:
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
