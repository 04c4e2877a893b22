"""Our table of operations beside the vendor's OpenAPI documents, and beside the sandbox's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from klaviyo_client import Operation, limits
from nevent_sandbox.klaviyo.operations import OPERATIONS

SPECS = Path(__file__).parents[3] / "shared" / "klaviyo-openapi"
OWN = {each.name: each for each in vars(limits).values() if isinstance(each, Operation)}
PAGES = {
    "GET /api/profiles": limits.MAX_PAGE,
    "GET /api/lists/{id}/profiles": limits.MAX_PAGE,
    "GET /api/profile-bulk-import-jobs": limits.MAX_PAGE,
    "GET /api/profile-bulk-import-jobs/{id}/import-errors": limits.MAX_PAGE,
    "GET /api/events": limits.MAX_EVENTS_PAGE,
    "GET /api/lists": limits.MAX_LISTS_PAGE,
}


def _spec() -> dict[str, dict[str, Any]]:
    found = {}
    for file in SPECS.glob("*.json"):
        for path, methods in json.loads(file.read_text())["paths"].items():
            for method, operation in methods.items():
                found[f"{method.upper()} {path}"] = operation
    return found


SPEC = _spec()
beside = pytest.mark.skipif(
    not SPEC, reason="the vendor's OpenAPI documents are not beside this repository"
)


@beside
@pytest.mark.parametrize("name", sorted(OWN))
def test_limits_and_scopes_are_the_vendors(name: str) -> None:
    """A wrong number is a refusal, or time lost; a wrong scope sends people to make a wrong key."""
    own, told = OWN[name], SPEC[name]
    allowed = {"burst": f"{own.burst}/s", "steady": f"{own.steady}/m"}
    if own.daily:
        allowed["daily"] = f"{own.daily}/d"
    assert allowed == told["x-klaviyo-ratelimit"]
    assert sorted(own.scopes) == sorted(told["x-klaviyo-scopes"])


@beside
@pytest.mark.parametrize("name", sorted(PAGES))
def test_pages_are_the_vendors_largest(name: str) -> None:
    """Fewer a page are more requests; more are refused."""
    sizes = [each["schema"] for each in SPEC[name]["parameters"] if each["name"] == "page[size]"]
    assert [each["maximum"] for each in sizes] == [PAGES[name]]


@pytest.mark.parametrize("name", sorted(OWN.keys() & OPERATIONS.keys()))
def test_client_and_sandbox_tell_the_same(name: str) -> None:
    """Where no vendor's document is at hand, two tables that were written apart agree."""
    own, served = OWN[name], OPERATIONS[name]
    assert (own.burst, own.steady, own.daily) == (served.burst, served.steady, served.daily)
    assert sorted(own.scopes) == sorted(served.scopes.split())
