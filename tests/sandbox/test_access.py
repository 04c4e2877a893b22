"""Who may ask Klaviyo what, and in which form."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from nevent_sandbox.credentials import KLAVIYO_ACCOUNT_ID

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
KEY = "Klaviyo-API-Key pk_sandbox_full"


def _error(answer: httpx.Response) -> Document:
    assert answer.headers["content-type"] == "application/vnd.api+json"
    (error,) = answer.json()["errors"]
    assert {"id", "status", "code", "title", "detail", "links", "meta"} <= error.keys()
    assert error["status"] == answer.status_code
    return dict(error)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "not_authenticated"),
        ("Bearer pk_sandbox_full", "not_authenticated"),
        ("Klaviyo-API-Key pk_nobody", "authentication_failed"),
        ("Klaviyo-API-Key pk_sandbox_revoked", "authentication_failed"),
    ],
)
def test_no_valid_key_is_401(klaviyo: KlaviyoHandle, header: str | None, code: str) -> None:
    """Missing, another scheme, unknown, revoked."""
    headers = {"revision": "2026-07-15"} | ({"Authorization": header} if header else {})
    answer = httpx.get(f"{klaviyo.url}/api/accounts", headers=headers)
    assert (answer.status_code, _error(answer)["code"]) == (401, code)


def test_a_suspended_account_is_403_and_marked_as_assumed(klaviyo: KlaviyoHandle) -> None:
    """Nobody has published what Klaviyo answers."""
    headers = {"revision": "2026-07-15", "Authorization": "Klaviyo-API-Key pk_sandbox_suspended"}
    answer = httpx.get(f"{klaviyo.url}/api/accounts", headers=headers)
    assert answer.status_code == 403
    assert _error(answer)["meta"] == {"sandbox": "assumed answer"}


@pytest.mark.parametrize(
    ("revision", "status"),
    [(None, 400), ("2026-07-16", 400), ("2023-02-22", 410), ("2025-10-15", 200)],
)
def test_a_revision_must_be_given_known_and_live(
    klaviyo: KlaviyoHandle, revision: str | None, status: int
) -> None:
    """The newest one that this sandbox knows answers for all live ones."""
    headers = {"Authorization": KEY} | ({"revision": revision} if revision else {})
    assert httpx.get(f"{klaviyo.url}/api/accounts", headers=headers).status_code == status


def test_a_missing_scope_is_403_before_the_body_is_looked_at(readonly: Api) -> None:
    """The answer names what is missing."""
    answer = readonly.post("/profile-bulk-import-jobs", b"no json", **{"Content-Type": "text/html"})
    assert answer.status_code == 403
    error = _error(answer)
    assert error["code"] == "permission_denied"
    assert "lists:write, profiles:write" in error["detail"]


def test_a_body_of_another_type_is_415(api: Api) -> None:
    """JSON:API it must be."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert api.post("/profile-import", b"{}", **headers).status_code == 415


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"dta": {}}'])
def test_a_body_that_is_no_document_is_400_at_data(api: Api, body: bytes) -> None:
    """Malformed JSON and JSON without `data`."""
    answer = api.post("/profile-import", body)
    assert answer.status_code == 400
    assert _error(answer)["source"] == {"pointer": "/data"}


def test_a_body_may_be_gzipped(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Limits hold for what it unpacks to."""
    body = b'{"data":{"type":"profile","attributes":{"email":"ana@nevent-demo.es"}}}'
    sent = api.post("/profile-import", gzip.compress(body), **{"Content-Encoding": "gzip"})
    assert sent.status_code == 201
    assert klaviyo.requests()[-1]["bytes"] == len(body)


@pytest.mark.parametrize("packed", [False, True])
def test_more_than_five_megabytes_are_413(api: Api, *, packed: bool) -> None:
    """Packed or not."""
    body = b'{"data":"' + b"a" * 5_000_000 + b'"}'
    more = {"Content-Encoding": "gzip"} if packed else {}
    answer = api.post("/profile-import", gzip.compress(body) if packed else body, **more)
    assert answer.status_code == 413


def test_an_unknown_encoding_is_415(api: Api) -> None:
    """As an unknown type is."""
    assert api.post("/profile-import", b"{}", **{"Content-Encoding": "br"}).status_code == 415


def test_unknown_paths_and_methods_are_errors_of_the_same_form(api: Api) -> None:
    """404 and 405 are JSON:API too."""
    assert _error(api.get("/nothing"))["code"] == "not_found"
    assert _error(api.send("DELETE", "/accounts", b""))["status"] == 405


def test_a_trailing_slash_changes_nothing(api: Api) -> None:
    """Klaviyo's own links have one."""
    assert api.get("/accounts/").json()["data"] == api.get("/accounts").json()["data"]


def test_every_answer_names_the_account(api: Api) -> None:
    """In a header, on success and on failure."""
    headers = [api.get(path).headers["CID"] for path in ("/accounts", "/profiles/nobody")]
    assert headers == [KLAVIYO_ACCOUNT_ID] * 2


def test_the_key_belongs_to_the_one_account(api: Api) -> None:
    """Read as a list of one, and by id."""
    (account,) = api.get("/accounts").json()["data"]
    assert account["id"] == account["attributes"]["public_api_key"] == KLAVIYO_ACCOUNT_ID
    assert api.get(f"/accounts/{account['id']}").json()["data"] == account
    assert api.get("/accounts/Nobody").status_code == 404
