"""Bodies about consent that are refused as a whole, and nobody's consent changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from consent_bodies import (
    SUBSCRIBE,
    SUPPRESS,
    UNSUBSCRIBE,
    UNSUPPRESS,
    addresses,
    body,
    erasure,
    given,
    members,
    withdrawn,
)

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
ANA, PHONE = "ana@nevent-demo.es", "+34600112233"
ROWS = "/data/attributes/profiles/data"
AGO, AHEAD = "2024-03-01T10:00:00+00:00", (datetime.now(tz=UTC) + timedelta(days=1)).isoformat()
CONSENT = "attributes/subscriptions/email/marketing"


def _with(row: Document, **attributes: Any) -> Document:
    return {**row, "attributes": {**row["attributes"], **attributes}}


def _subscribe(*rows: Document, **more: Any) -> Document:
    return body(SUBSCRIBE, list(rows), more.pop("list_id", None), **more)


def _both() -> Document:
    made = members(SUPPRESS, "any")
    made["data"]["attributes"] = addresses(SUPPRESS, ANA)["data"]["attributes"]
    return made


def _segment() -> Document:
    made = members(SUPPRESS, "any")
    segment = {"data": {"type": "segment", "id": "NoSuch"}}
    made["data"]["relationships"] = {"segment": segment}
    return made


def _neither() -> Document:
    made = addresses(SUPPRESS)
    del made["data"]["attributes"]["profiles"]
    return made


REFUSED = {
    "sms without phone": (
        _subscribe(given(ANA, channels="sms.marketing")),
        f"{ROWS}/0/attributes/phone_number",
    ),
    "whatsapp without phone": (
        _subscribe(given(ANA, channels="whatsapp.marketing")),
        f"{ROWS}/0/attributes/phone_number",
    ),
    "mail without address": (
        _subscribe(given(ANA), given(None, PHONE)),
        f"{ROWS}/1/attributes/email",
    ),
    "no subscriptions": (
        _subscribe({"type": "profile", "attributes": {"email": ANA}}),
        f"{ROWS}/0/attributes/subscriptions",
    ),
    "no channel": (_subscribe(given(ANA, channels="")), f"{ROWS}/0/attributes/subscriptions"),
    "nobody": (_subscribe(given(None, channels="push.marketing")), f"{ROWS}/0/attributes"),
    "bad address": (_subscribe(given("ana")), f"{ROWS}/0/attributes/email"),
    "bad phone": (
        _subscribe(given(ANA, "600112233")),
        f"{ROWS}/0/attributes/phone_number",
    ),
    "a name": (
        _subscribe(_with(given(ANA), first_name="Ana")),
        f"{ROWS}/0/attributes/first_name",
    ),
    "a property": (
        _subscribe(_with(given(ANA), properties={"vip": True})),
        f"{ROWS}/0/attributes/properties",
    ),
    "another consent": (
        _subscribe(_with(given(ANA), subscriptions=withdrawn()["attributes"]["subscriptions"])),
        f"{ROWS}/0/{CONSENT}/consent",
    ),
    "unknown id": (_subscribe({**given(ANA), "id": "01NOBODY"}), f"{ROWS}/0/id"),
    "unknown list": (
        _subscribe(given(ANA), list_id="NoSuch"),
        "/data/relationships/list/data/id",
    ),
    "a date without import": (
        _subscribe(given(ANA, at=AGO)),
        f"{ROWS}/0/{CONSENT}/consented_at",
    ),
    "an import without date": (
        _subscribe(given(ANA), historical_import=True),
        f"{ROWS}/0/{CONSENT}/consented_at",
    ),
    "a date to come": (
        _subscribe(given(ANA, at=AHEAD), historical_import=True),
        f"{ROWS}/0/{CONSENT}/consented_at",
    ),
    "a date without time": (
        _subscribe(given(ANA, at="2024-03-01"), historical_import=True),
        f"{ROWS}/0/{CONSENT}/consented_at",
    ),
    "a birthday that is none": (
        _subscribe(_with(given(ANA), age_gated_date_of_birth="1990-02-30")),
        f"{ROWS}/0/attributes/age_gated_date_of_birth",
    ),
    "too many to subscribe": (
        _subscribe(*(given(f"fan{n}@nevent-demo.es") for n in range(1001))),
        ROWS,
    ),
    "too many to unsubscribe": (
        body(UNSUBSCRIBE, [withdrawn(f"fan{n}@nevent-demo.es") for n in range(101)]),
        ROWS,
    ),
    "an id to unsubscribe": (
        body(UNSUBSCRIBE, [{**withdrawn(ANA), "id": "01X"}]),
        f"{ROWS}/0/id",
    ),
    "a source to unsubscribe": (
        body(UNSUBSCRIBE, [withdrawn(ANA)], custom_source="x"),
        "/data/attributes/custom_source",
    ),
    "unknown list to leave": (
        body(UNSUBSCRIBE, [withdrawn(ANA)], "NoSuch"),
        "/data/relationships/list/data/id",
    ),
    "too many to suppress": (
        addresses(SUPPRESS, *(f"fan{n}@nevent-demo.es" for n in range(101))),
        ROWS,
    ),
    "bad address to suppress": (addresses(SUPPRESS, ANA, "ana"), f"{ROWS}/1/attributes/email"),
    "people and a list": (_both(), "/data"),
    "neither people nor list": (_neither(), "/data"),
    "unknown list to suppress": (
        members(SUPPRESS, "NoSuch"),
        "/data/relationships/list/data/id",
    ),
    "unknown segment to suppress": (_segment(), "/data/relationships/segment/data/id"),
    "too many to unsuppress": (
        addresses(UNSUPPRESS, *(f"fan{n}@nevent-demo.es" for n in range(101))),
        ROWS,
    ),
    "two identifiers to delete": (
        erasure(email=ANA, phone_number=PHONE),
        "/data/attributes/profile/data",
    ),
    "no identifier to delete": (erasure(), "/data/attributes/profile/data"),
    "bad address to delete": (
        erasure(email="ana"),
        "/data/attributes/profile/data/attributes/email",
    ),
    "another identifier to delete": (
        erasure(external_id="x"),
        "/data/attributes/profile/data/attributes/external_id",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_body_that_breaks_a_rule_changes_nothing(
    api: Api, klaviyo: KlaviyoHandle, name: str
) -> None:
    """400 with the place; nobody is created, and who stood beside it is as before."""
    sent, pointer = REFUSED[name]
    answer = api.change(sent)
    assert answer.status_code == 400, answer.text
    assert pointer in [error["source"]["pointer"] for error in answer.json()["errors"]]
    assert set(klaviyo.counts().values()) == {0}


OPERATIONS = {
    SUBSCRIBE: "subscriptions:write",
    UNSUBSCRIBE: "subscriptions:write",
    SUPPRESS: "subscriptions:write",
    UNSUPPRESS: "subscriptions:write",
}


@pytest.mark.parametrize("kind", OPERATIONS)
def test_the_scope_is_asked_for_before_the_body(klaviyo: KlaviyoHandle, kind: str) -> None:
    """A key without subscriptions:write is told so, whatever it sends."""
    headers = {
        "Authorization": "Klaviyo-API-Key pk_sandbox_no_subscriptions",
        "revision": "2026-07-15",
        "Content-Type": "application/vnd.api+json",
    }
    answer = httpx.post(f"{klaviyo.url}/api/{kind}s", content=b"no json", headers=headers)
    assert answer.status_code == 403
    assert OPERATIONS[kind] in answer.json()["errors"][0]["detail"]


def test_a_key_that_only_reads_deletes_nobody(api: Api, readonly: Api) -> None:
    """data-privacy:write is missing."""
    api.load({"email": ANA})
    assert readonly.change(erasure(email=ANA)).status_code == 403
    assert len(api.get("/profiles").json()["data"]) == 1
