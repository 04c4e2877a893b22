"""Bulk import of profiles: what becomes of what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]


def _fan(number: int, **more: Any) -> Document:
    return {"email": f"fan{number}@nevent-demo.es", **more}


def _job(answer: httpx.Response) -> str:
    assert answer.status_code == 202
    identifier: str = answer.json()["data"]["id"]
    return identifier


def _read(api: Api, job: str) -> Document:
    attributes: Document = api.get(f"/profile-bulk-import-jobs/{job}").json()["data"]["attributes"]
    return attributes


def test_duplicates_within_a_job_are_merged(api: Api, klaviyo: KlaviyoHandle) -> None:
    """They are no errors, and case makes no difference."""
    job = _job(api.load(_fan(0, first_name="A", title="Dr"), {"email": "FAN0@nevent-demo.es"}))
    assert _read(api, job)["failed_count"] == 0
    (profile,) = klaviyo.profiles()
    assert (profile["attributes"]["first_name"], profile["attributes"]["title"]) == ("A", "Dr")


def test_a_null_in_a_bulk_import_is_not_applied(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Neither to an attribute nor to a property."""
    api.load(_fan(0, first_name="Ana", properties={"vip": True}))
    api.load(_fan(0, first_name=None, properties={"vip": None}))
    profile = klaviyo.profile("fan0@nevent-demo.es")
    assert profile is not None
    assert profile["attributes"]["first_name"] == "Ana"
    assert profile["attributes"]["properties"] == {"vip": True}


def test_properties_are_appended_removed_and_unset_by_meta(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """`patch_properties` is applied after what is sent."""
    api.load(_fan(0, properties={"genres": ["Techno", "House"], "next_event": "Sónar", "n": 1}))
    patch = {"append": {"genres": ["Trap"]}, "unappend": {"genres": "House"}, "unset": "next_event"}
    api.load({"type": "profile", "attributes": _fan(0), "meta": {"patch_properties": patch}})
    profile = klaviyo.profile("fan0@nevent-demo.es")
    assert profile is not None
    assert profile["attributes"]["properties"] == {"genres": ["Techno", "Trap"], "n": 1}


def test_an_email_and_a_phone_of_two_profiles_fail_the_row(api: Api) -> None:
    """The others are imported."""
    api.load(_fan(0, phone_number="+34600112233"), _fan(1))
    job = _job(api.load(_fan(1, phone_number="+34600112233"), _fan(2)))
    read = _read(api, job)
    assert (read["completed_count"], read["failed_count"]) == (1, 1)
    (error,) = api.get(f"/profile-bulk-import-jobs/{job}/import-errors").json()["data"]
    assert error["attributes"]["code"] == "duplicate_profile"


def test_an_import_never_changes_consent(api: Api) -> None:
    """Not even with a list."""
    api.load(_fan(0), lists=(api.new_list(),))
    path = {"additional-fields[profile]": "subscriptions"}
    (profile,) = api.get("/profiles", **path).json()["data"]
    consent = profile["attributes"]["subscriptions"]["email"]["marketing"]
    assert consent["consent"] == "NEVER_SUBSCRIBED"
    assert consent["can_receive_email_marketing"] is True
