"""Profiles written one at a time: identity, partial updates, conflicts, merging."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
ANA = "ana@nevent-demo.es"


def _create(api: Api, **attributes: Any) -> Any:
    return api.post("/profiles", {"data": {"type": "profile", "attributes": attributes}})


def _patch(api: Api, identifier: str, attributes: Document, **more: Any) -> Any:
    data = {"type": "profile", "id": identifier, "attributes": attributes, **more}
    return api.send("PATCH", f"/profiles/{identifier}", {"data": data})


def _id(answer: Any) -> str:
    identifier: str = answer.json()["data"]["id"]
    return identifier


def test_a_profile_has_a_ulid(api: Api) -> None:
    """26 characters of Crockford's alphabet."""
    assert re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", _id(_create(api, email=ANA)))


def test_ids_of_many_profiles_differ(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Within one request and between two."""
    for start in (0, 3000):
        api.load(*({"email": f"{n}@nevent-demo.es"} for n in range(start, start + 3000)))
    assert len({profile["id"] for profile in klaviyo.profiles()}) == 6000


def test_creating_someone_known_is_a_conflict_that_names_them(api: Api) -> None:
    """By e-mail, phone or external id."""
    known = _id(_create(api, email=ANA, phone_number="+34600112233", external_id="n1"))
    for identifier in (
        {"email": ANA.upper()},
        {"phone_number": "+34600112233"},
        {"email": "new@nevent-demo.es", "external_id": "n1"},
    ):
        answer = _create(api, **identifier)
        assert answer.status_code == 409
        (error,) = answer.json()["errors"]
        assert error["code"] == "duplicate_profile"
        assert error["source"] == {"pointer": "/data/attributes"}
        assert error["meta"] == {"duplicate_profile_id": known}


def test_an_upsert_creates_then_updates(api: Api) -> None:
    """201, 200, one id."""
    first, second = (api.upsert({"email": ANA, "title": title}) for title in ("A", "B"))
    assert (first.status_code, second.status_code) == (201, 200)
    assert _id(first) == _id(second)
    assert second.json()["data"]["attributes"]["title"] == "B"


def test_an_upsert_with_the_email_and_phone_of_two_profiles_is_a_conflict(api: Api) -> None:
    """It names the one with the phone."""
    api.upsert({"email": ANA})
    other = _id(api.upsert({"email": "eva@nevent-demo.es", "phone_number": "+34600112233"}))
    answer = api.upsert({"email": ANA, "phone_number": "+34600112233"})
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["meta"] == {"duplicate_profile_id": other}


def test_a_phone_alone_becomes_the_profile_of_its_email_later(api: Api) -> None:
    """Identifiers join while they contradict nothing."""
    by_phone = _id(api.upsert({"phone_number": "+34600112233"}))
    assert _id(api.upsert({"email": ANA, "phone_number": "+34600112233"})) == by_phone


def test_an_external_id_takes_no_part_in_merging(api: Api) -> None:
    """A changed address with a known external id is a second profile."""
    first = _id(api.upsert({"email": ANA, "external_id": "n1"}))
    assert _id(api.upsert({"email": "new@nevent-demo.es", "external_id": "n1"})) != first


def test_what_is_not_sent_stays_and_a_null_clears(api: Api) -> None:
    """In an update by id and in an upsert, also inside location and properties."""
    whole = {
        "email": ANA,
        "first_name": "Ana",
        "title": "Dr",
        "location": {"city": "Madrid", "zip": "28001"},
        "properties": {"vip": True, "n": 1},
    }
    identifier = _id(api.upsert(whole))
    cleared = {"title": None, "location": {"zip": None}, "properties": {"n": None}}
    told = _patch(api, identifier, cleared).json()["data"]["attributes"]
    assert (told["first_name"], told["title"]) == ("Ana", None)
    assert (told["location"]["city"], told["location"]["zip"]) == ("Madrid", None)
    assert told["properties"] == {"vip": True}


def test_nested_values_of_properties_are_replaced_whole(api: Api) -> None:
    """Merging is key by key at the first level only."""
    identifier = _id(api.upsert({"email": ANA, "properties": {"a": {"x": 1}, "b": [1, 2]}}))
    told = _patch(api, identifier, {"properties": {"a": {"y": 2}, "b": [3]}}).json()
    assert told["data"]["attributes"]["properties"] == {"a": {"y": 2}, "b": [3]}


def test_an_update_of_nobody_is_404(api: Api) -> None:
    """And so is reading them."""
    assert _patch(api, "01NOBODY", {"title": "x"}).status_code == 404
    assert api.get("/profiles/01NOBODY").json()["errors"][0]["code"] == "not_found"


def test_an_update_cannot_take_anothers_address(api: Api) -> None:
    """409."""
    api.upsert({"email": ANA})
    other = _id(api.upsert({"email": "eva@nevent-demo.es"}))
    assert _patch(api, other, {"email": ANA}).status_code == 409


def test_a_malformed_address_is_named_where_it_stands(api: Api) -> None:
    """One profile has the shorter pointer."""
    (error,) = api.upsert({"email": "ana"}).json()["errors"]
    assert error["source"] == {"pointer": "/data/attributes/email"}


def test_merging_moves_events_lists_and_what_is_lacking(api: Api, klaviyo: KlaviyoHandle) -> None:
    """The destination's own values win; the source is gone."""
    kept = _id(api.upsert({"email": ANA, "title": "kept"}))
    gone = _id(api.upsert({"email": "old@nevent-demo.es", "title": "gone", "first_name": "Ana"}))
    api.event("old@nevent-demo.es")
    member = api.new_list()
    path = f"/lists/{member}/relationships/profiles"
    api.post(path, {"data": [{"type": "profile", "id": gone}]})
    relationships = {"profiles": {"data": [{"type": "profile", "id": gone}]}}
    data = {"type": "profile-merge", "id": kept, "relationships": relationships}
    answer = api.post("/profile-merge", {"data": data})
    assert (answer.status_code, _id(answer)) == (201, kept)
    (profile,) = klaviyo.profiles()
    assert profile["attributes"]["title"] == "kept"
    assert profile["attributes"]["first_name"] == "Ana"
    assert profile["lists"] == [member]
    assert [event["profile_id"] for event in klaviyo.events()] == [kept]


def test_new_profiles_can_take_a_while_to_be_seen(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Eventual visibility: written, read later."""
    klaviyo.knobs(visibility_seconds=60)
    identifier = _id(api.upsert({"email": ANA}))
    assert api.get(f"/profiles/{identifier}").status_code == 404
    assert api.get("/profiles").json()["data"] == []
    assert klaviyo.profile(ANA)
