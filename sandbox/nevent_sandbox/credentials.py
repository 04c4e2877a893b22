"""Constants that open the sandbox. They are public, and worth nothing anywhere else."""

from __future__ import annotations

from typing import NamedTuple

NEVENT_TOKEN = "nevent-sandbox-token"  # noqa: S105  # public by intent
NEVENT_REFRESH_TOKEN = "nevent-sandbox-refresh-token"  # noqa: S105  # public by intent
NEVENT_TENANT_ID = "650000000000000000000001"

KLAVIYO_ACCOUNT_ID = "NvSbx1"

_READ = (
    "accounts campaigns catalogs coupons data-privacy events flows forms images lists metrics "
    "profiles reviews segments subscriptions tags templates webhooks"
)
READ_SCOPES = frozenset(f"{each}:read" for each in _READ.split())
WRITE_SCOPES = frozenset(f"{each}:write" for each in _READ.split()) - {"accounts:write"}
ALL_SCOPES = READ_SCOPES | WRITE_SCOPES


class KlaviyoKey(NamedTuple):
    """What a private key may do; all of them belong to one account and share its limits."""

    scopes: frozenset[str]
    state: str = "active"  # active, revoked, suspended


KLAVIYO_KEYS = {
    "pk_sandbox_full": KlaviyoKey(ALL_SCOPES),
    "pk_sandbox_readonly": KlaviyoKey(READ_SCOPES),
    "pk_sandbox_no_subscriptions": KlaviyoKey(ALL_SCOPES - {"subscriptions:write"}),
    **{
        f"pk_sandbox_no_{each}": KlaviyoKey(ALL_SCOPES - {f"{each}:read", f"{each}:write"})
        for each in _READ.split()
        if each != "subscriptions"
    },
    "pk_sandbox_revoked": KlaviyoKey(ALL_SCOPES, "revoked"),
    "pk_sandbox_suspended": KlaviyoKey(ALL_SCOPES, "suspended"),
}
