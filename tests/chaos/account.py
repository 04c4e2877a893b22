"""What the Klaviyo account of a scenario holds before the first run: lists and people's deeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nevent_sandbox.handles import KlaviyoHandle

_HEADERS = {
    "Authorization": "Klaviyo-API-Key pk_sandbox_full",
    "revision": "2026-07-15",
    "Content-Type": "application/vnd.api+json",
}


def post(klaviyo: KlaviyoHandle, path: str, data: dict[str, Any]) -> Any:
    """Send one document as whoever else has a key of the account; the answer's document."""
    answer = httpx.post(f"{klaviyo.url}/api/{path}", json={"data": data}, headers=_HEADERS)
    answer.raise_for_status()
    return answer.json()


def prepare(klaviyo: KlaviyoHandle, deeds: Iterable[dict[str, str]]) -> None:
    """Have people do what they did; a deed may name a list, which is there from then on."""
    lists: dict[str, str] = {}
    for deed in deeds:
        told = dict(deed)
        if name := told.pop("list_name", None):
            if name not in lists:
                attributes = {"name": name, "opt_in_process": "single_opt_in"}
                made = post(klaviyo, "lists", {"type": "list", "attributes": attributes})
                lists[name] = made["data"]["id"]
            told["list_id"] = lists[name]
        getattr(klaviyo, told.pop("what"))(**told)
