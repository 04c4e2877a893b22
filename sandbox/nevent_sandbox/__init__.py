"""Nevent and Klaviyo on this machine: faithful, seeded, fault-injectable."""

from nevent_sandbox.credentials import (
    KLAVIYO_KEYS,
    NEVENT_REFRESH_TOKEN,
    NEVENT_TENANT_ID,
    NEVENT_TOKEN,
)
from nevent_sandbox.server import Sandbox

__all__ = [
    "KLAVIYO_KEYS",
    "NEVENT_REFRESH_TOKEN",
    "NEVENT_TENANT_ID",
    "NEVENT_TOKEN",
    "Sandbox",
]
