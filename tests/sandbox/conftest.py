"""Plain HTTP to the Klaviyo side, without any client library of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from nevent_sandbox.handle import tls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_sandbox.handles import KlaviyoHandle

Document = dict[str, Any]
JSON_API = "application/vnd.api+json"


class Api:
    """Requests with a key, and bodies in the shapes that tests need most."""

    def __init__(self, url: str, key: str = "pk_sandbox_full") -> None:
        headers = {"Authorization": f"Klaviyo-API-Key {key}", "revision": "2026-07-15"}
        self.http = httpx.Client(base_url=f"{url}/api", headers=headers, timeout=60, verify=tls())

    def get(self, path: str, **params: Any) -> httpx.Response:
        """Read; `page_size` stands for page[size]."""
        names = {"page_size": "page[size]", "page_cursor": "page[cursor]"}
        return self.http.get(path, params={names.get(k, k): v for k, v in params.items()})

    def send(self, method: str, path: str, body: Any, **headers: str) -> httpx.Response:
        """Write a JSON:API document."""
        content = {"Content-Type": JSON_API, **headers}
        if isinstance(body, bytes):
            return self.http.request(method, path, content=body, headers=content)
        return self.http.request(method, path, json=body, headers=content)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Write with POST."""
        return self.send("POST", path, body, **headers)

    def load(self, *people: Document, lists: tuple[str, ...] = ()) -> httpx.Response:
        """Bulk import of profile resources' attributes (or of whole resources, with `type`)."""
        rows = [row if "type" in row else {"type": "profile", "attributes": row} for row in people]
        data: Document = {
            "type": "profile-bulk-import-job",
            "attributes": {"profiles": {"data": rows}},
        }
        if lists:
            references = [{"type": "list", "id": each} for each in lists]
            data["relationships"] = {"lists": {"data": references}}
        return self.post("/profile-bulk-import-jobs", {"data": data})

    def upsert(self, row: Document, **more: Any) -> httpx.Response:
        """Create or update one profile."""
        return self.post(
            "/profile-import", {"data": {"type": "profile", "attributes": row, **more}}
        )

    def event(self, email: str = "ana@nevent-demo.es", **attributes: Any) -> httpx.Response:
        """Send one event in bulk form."""
        return self.events([self.entry(email, **attributes)])

    def events(self, entries: list[Document]) -> httpx.Response:
        """Send entries of a bulk body."""
        attributes = {"events-bulk-create": {"data": entries}}
        data = {"type": "event-bulk-create-job", "attributes": attributes}
        return self.post("/event-bulk-create-jobs", {"data": data})

    def entry(
        self, email: str = "ana@nevent-demo.es", *, metric: str = "Purchased Ticket", **more: Any
    ) -> Document:
        """One person with one event."""
        event = {
            "properties": {"event_name": "Sónar"},
            "metric": {"data": {"type": "metric", "attributes": {"name": metric}}},
            **more,
        }
        person = {"data": {"type": "profile", "attributes": {"email": email}}}
        events = {"data": [{"type": "event", "attributes": event}]}
        return {
            "type": "event-bulk-create",
            "attributes": {"profile": person, "events": events},
        }

    def change(self, body: Document) -> httpx.Response:
        """Send a body about consent where its type belongs."""
        return self.post(f"/{body['data']['type']}s", body)

    def new_list(self, name: str = "Fans", **attributes: str) -> str:
        """Create a list; its id."""
        body = {"data": {"type": "list", "attributes": {"name": name, **attributes}}}
        identifier: str = self.post("/lists", body).json()["data"]["id"]
        return identifier


@pytest.fixture
def api(klaviyo: KlaviyoHandle) -> Iterator[Api]:
    """The full key on an empty account."""
    api = Api(klaviyo.url)
    yield api
    api.http.close()


@pytest.fixture
def readonly(klaviyo: KlaviyoHandle) -> Iterator[Api]:
    """A key without any write scope."""
    api = Api(klaviyo.url, "pk_sandbox_readonly")
    yield api
    api.http.close()


@pytest.fixture
def flowless(klaviyo: KlaviyoHandle) -> Iterator[Api]:
    """A key without `flows:read`."""
    api = Api(klaviyo.url, "pk_sandbox_no_flows")
    yield api
    api.http.close()
