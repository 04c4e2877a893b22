"""Puts people on a list of the sandbox's Klaviyo."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from klaviyo_client import KlaviyoSession
from klaviyo_client.limits import IMPORT_PROFILES

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle


def load(klaviyo: KlaviyoHandle, list_id: str, people: int, first: int = 0) -> None:
    """Put people on a list, all in the same second; nobody asked them."""
    profiles = [
        {"type": "profile", "attributes": {"email": f"fan{each}@nevent-demo.es"}}
        for each in range(first, first + people)
    ]
    attributes = {"profiles": {"data": profiles}}
    lists = {"lists": {"data": [{"type": "list", "id": list_id}]}}
    job = {"type": "profile-bulk-import-job", "attributes": attributes, "relationships": lists}
    session = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    session.post(IMPORT_PROFILES, json.dumps({"data": job}).encode())
    session.close()
