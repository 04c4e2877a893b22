"""Who may ask: key, revision, scopes. In the order in which Klaviyo's answers show them checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_sandbox.credentials import KLAVIYO_KEYS, KlaviyoKey
from nevent_sandbox.klaviyo.errors import (
    authentication_failed,
    bad_parameter,
    denied,
    not_authenticated,
    plain,
)

if TYPE_CHECKING:
    from starlette.datastructures import Headers

    from nevent_sandbox.klaviyo.operation import Operation

SCHEME = "Klaviyo-API-Key"
# All are answered as the newest but one, whose bodies this sandbox knows.
_LIVE = (
    "2024-10-15 2025-01-15 2025-04-15 2025-07-15 2025-10-15 2026-01-15 2026-04-15 2026-07-15 "
    "2026-10-15"
)
_RETIRED = (
    "2022-10-17 2023-01-24 2023-02-22 2023-06-15 2023-07-15 2023-08-15 2023-09-15 2023-10-15 "
    "2023-12-15 2024-02-15 2024-05-15 2024-06-15 2024-07-15"
)
LIVE_REVISIONS = frozenset(_LIVE.split())
RETIRED_REVISIONS = frozenset(_RETIRED.split())


def key_of(headers: Headers) -> KlaviyoKey:
    """The key that a request carries.

    Raises:
        ApiError: 401 without a valid one, 403 for a suspended account.
    """
    header = headers.get("authorization", "")
    scheme, _, secret = header.partition(" ")
    if scheme != SCHEME or not secret:
        raise not_authenticated(f"Missing or invalid authorization scheme. Please use {SCHEME}.")
    key = KLAVIYO_KEYS.get(secret.strip())
    if key is None or key.state == "revoked":
        raise authentication_failed()
    if key.state == "suspended":
        raise denied("This account is suspended.", {"sandbox": "assumed answer"})
    return key


def check_revision(headers: Headers) -> None:
    """Ask for a revision that Klaviyo publishes.

    Raises:
        ApiError: 400 without a known one, 410 for a retired one.
    """
    revision = headers.get("revision")
    if revision in RETIRED_REVISIONS:
        raise plain(410, f"The API revision {revision} is retired.")
    if revision is None:
        raise bad_parameter("revision", "The revision header is required.")
    if revision not in LIVE_REVISIONS:
        raise bad_parameter("revision", f"'{revision}' is not a valid API revision.")


def check_scopes(key: KlaviyoKey, operation: Operation) -> None:
    """Ask for every scope that the operation needs.

    Raises:
        ApiError: 403 that names what is missing.
    """
    missing = [scope for scope in operation.scopes.split() if scope not in key.scopes]
    if missing:
        raise denied(
            f"The API key lacks the scopes that this operation needs: {', '.join(missing)}."
        )
