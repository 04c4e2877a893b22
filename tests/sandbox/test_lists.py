"""Lists and their members."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]


def _references(*ids: str) -> Document:
    return {"data": [{"type": "profile", "id": each} for each in ids]}


def _people(api: Api, klaviyo: KlaviyoHandle, number: int) -> list[str]:
    api.load(*({"email": f"fan{n}@nevent-demo.es"} for n in range(number)))
    return [profile["id"] for profile in klaviyo.profiles()]


def test_lists_come_ten_a_page_and_no_more(api: Api) -> None:
    """Eleven is refused."""
    for number in range(12):
        api.new_list(f"List {number}")
    page = api.get("/lists").json()
    assert len(page["data"]) == 10
    assert page["links"]["next"]
    (error,) = api.get("/lists", page_size=11).json()["errors"]
    assert error["source"] == {"parameter": "page[size]"}


def test_a_list_is_found_by_its_name(api: Api) -> None:
    """Or by one of several."""
    wanted = api.new_list("Nevent - All Contacts")
    api.new_list("Another")
    for text in ('equals(name,"Nevent - All Contacts")', 'any(name,["x","Nevent - All Contacts"])'):
        assert [each["id"] for each in api.get("/lists", filter=text).json()["data"]] == [wanted]


def test_lists_are_sorted_by_name_both_ways(api: Api) -> None:
    """Across pages."""
    for name in "bca":
        api.new_list(name)
    for sort, wanted in (("name", "abc"), ("-name", "cba")):
        found = api.get("/lists", sort=sort).json()["data"]
        assert "".join(each["attributes"]["name"] for each in found) == wanted


def test_a_list_asks_for_double_opt_in_unless_told_otherwise(api: Api) -> None:
    """The vendor's default."""
    told = api.get(f"/lists/{api.new_list()}").json()["data"]["attributes"]
    assert told["opt_in_process"] == "double_opt_in"
    attributes = {"name": "x", "opt_in_process": "single_opt_in"}
    answer = api.post("/lists", {"data": {"type": "list", "attributes": attributes}})
    assert answer.status_code == 201
    assert answer.json()["data"]["attributes"]["opt_in_process"] == "single_opt_in"


def test_the_size_of_a_list_must_be_asked_for(api: Api, klaviyo: KlaviyoHandle) -> None:
    """And only of one list."""
    ids, path = _people(api, klaviyo, 3), f"/lists/{api.new_list()}"
    api.post(f"{path}/relationships/profiles", _references(*ids))
    assert "profile_count" not in api.get(path).json()["data"]["attributes"]
    asked = {"additional-fields[list]": "profile_count"}
    assert api.get(path, **asked).json()["data"]["attributes"]["profile_count"] == 3
    assert api.get("/lists", **asked).status_code == 400


def test_members_are_added_and_removed_with_no_answer(api: Api, klaviyo: KlaviyoHandle) -> None:
    """204 both; adding twice changes nothing."""
    ids, path = _people(api, klaviyo, 3), f"/lists/{api.new_list()}/relationships/profiles"
    for _ in range(2):
        answer = api.post(path, _references(*ids))
        assert (answer.status_code, answer.content) == (204, b"")
    assert api.send("DELETE", path, _references(ids[1])).status_code == 204
    assert [each["id"] for each in api.get(path).json()["data"]] == [ids[0], ids[2]]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_an_unknown_member_refuses_the_request(
    api: Api, klaviyo: KlaviyoHandle, method: str
) -> None:
    """And is named."""
    (known,) = _people(api, klaviyo, 1)
    path = f"/lists/{api.new_list()}/relationships/profiles"
    answer = api.send(method, path, _references(known, "01NOBODY"))
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["detail"], error["source"]) == (
        "Invalid profile IDs: 01NOBODY",
        {"pointer": "/data/"},
    )
    assert api.get(path).json()["data"] == []


def test_an_unknown_list_is_404(api: Api) -> None:
    """Read or written."""
    assert api.get("/lists/Nope42").status_code == 404
    assert api.get("/lists/Nope42/profiles").status_code == 404
    assert api.post("/lists/Nope42/relationships/profiles", _references()).status_code == 404


def test_a_thousand_members_are_the_most_per_request(api: Api) -> None:
    """One more is refused."""
    path = f"/lists/{api.new_list()}/relationships/profiles"
    answer = api.post(path, _references(*(f"{n}" for n in range(1001))))
    assert answer.json()["errors"][0]["source"] == {"pointer": "/data"}


def test_members_tell_when_they_joined(api: Api, klaviyo: KlaviyoHandle, sandbox: Sandbox) -> None:
    """It filters and sorts."""
    wanted = api.new_list()
    api.load({"email": "fan0@nevent-demo.es"}, lists=(wanted,))
    sandbox.clock.advance(timedelta(hours=1))
    api.load({"email": "fan1@nevent-demo.es"}, lists=(wanted,))
    sandbox.clock.advance(timedelta(hours=1))
    path = f"/lists/{wanted}/profiles"
    newest = api.get(path, sort="-joined_group_at").json()["data"]
    assert [each["attributes"]["email"][:4] for each in newest] == ["fan1", "fan0"]
    joined = newest[0]["attributes"]["joined_group_at"]
    assert datetime.fromisoformat(joined).tzinfo
    for text, number in (
        (f"greater-or-equal(joined_group_at,{joined})", 1),
        (f"less-than(joined_group_at,{joined})", 1),
        (f"greater-than(joined_group_at,{joined})", 0),
    ):
        assert len(api.get(path, filter=text).json()["data"]) == number
    assert len(klaviyo.lists()) == 1
