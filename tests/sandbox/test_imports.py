"""Bulk import of profiles: what is refused whole, what fails by row, what a job goes through."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
ROWS = "/data/attributes/profiles/data"


def _fan(number: int, **more: Any) -> Document:
    return {"email": f"fan{number}@nevent-demo.es", **more}


def _pointers(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 400
    return [error["source"]["pointer"] for error in answer.json()["errors"]]


def _job(answer: httpx.Response) -> str:
    assert answer.status_code == 202
    identifier: str = answer.json()["data"]["id"]
    return identifier


def _read(api: Api, job: str) -> Document:
    attributes: Document = api.get(f"/profile-bulk-import-jobs/{job}").json()["data"]["attributes"]
    return attributes


def test_one_malformed_address_refuses_all_rows(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Every bad row is named, none is imported."""
    bad = {"email": "ana(at)nevent-demo.es"}, {"email": "a..b@nevent-demo.es"}
    answer = api.load(_fan(0), bad[0], _fan(1), bad[1])
    assert _pointers(answer) == [f"{ROWS}/{n}/attributes/email" for n in (1, 3)]
    assert answer.json()["errors"][0]["detail"] == "Invalid email address"
    assert klaviyo.profiles() == []


@pytest.mark.parametrize("phone", ["600112233", "+34 600 112 233", "+341", "+999123456789", ""])
def test_a_phone_that_is_not_e164_refuses_all_rows(api: Api, phone: str) -> None:
    """With an example of a valid one."""
    answer = api.load(_fan(0), _fan(1, phone_number=phone))
    assert _pointers(answer) == [f"{ROWS}/1/attributes/phone_number"]
    assert "+12345678901" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    "phone", ["+34600112233", "+351912345678", "+33612345678", "+447400123456", "+525512345678"]
)
def test_phones_of_five_countries_are_taken(api: Api, phone: str) -> None:
    """In E.164."""
    assert api.load(_fan(0, phone_number=phone)).status_code == 202


@pytest.mark.parametrize(
    ("row", "pointer"),
    [
        (_fan(0, nickname="Ani"), "attributes/nickname"),
        (_fan(0, first_name=["A"]), "attributes/first_name"),
        (_fan(0, location={"town": "Madrid"}), "attributes/location/town"),
        (_fan(0, location={"latitude": True}), "attributes/location/latitude"),
        (_fan(0, subscriptions={}), "attributes/subscriptions"),
        (_fan(0, external_id="x" * 256), "attributes/external_id"),
        ({"first_name": "Nobody"}, "attributes"),
        ({"type": "person", "attributes": _fan(0)}, "type"),
        ({"type": "profile"}, "attributes"),
        ({"type": "profile", "attributes": _fan(0), "metta": {}}, "metta"),
    ],
)
def test_a_row_of_the_wrong_shape_is_named(api: Api, row: Document, pointer: str) -> None:
    """Unknown keys, wrong types, no identifier."""
    assert _pointers(api.load(_fan(1), row)) == [f"{ROWS}/1/{pointer}"]


def test_an_unknown_attribute_is_named_with_its_resource(api: Api) -> None:
    """In the vendor's words."""
    (error,) = api.load(_fan(0, nickname="Ani")).json()["errors"]
    assert error["detail"] == "'nickname' is not a valid field for the resource 'profile'."


@pytest.mark.parametrize(("pointers", "places"), [("first", [0]), ("none", [])])
def test_a_refusal_can_be_told_to_name_fewer_places(
    api: Api, klaviyo: KlaviyoHandle, pointers: str, places: list[int]
) -> None:
    """Whether Klaviyo names all of them is not documented."""
    klaviyo.knobs(pointers=pointers)
    answer = api.load({"email": "x"}, {"email": "y"})
    wanted = [f"{ROWS}/{n}/attributes/email" for n in places] or ["/data"]
    assert _pointers(answer) == wanted


def test_ten_thousand_rows_are_the_most(api: Api) -> None:
    """One more refuses the request."""
    answer = api.load(*({"email": f"{n}@nevent-demo.es"} for n in range(10_001)))
    assert _pointers(answer) == [ROWS]


def test_a_profile_over_100_kb_is_refused(api: Api) -> None:
    """Its properties count too."""
    assert _pointers(api.load(_fan(0, properties={"bio": "x" * 100_000}))) == [f"{ROWS}/0"]


def test_an_unknown_list_refuses_all_rows(api: Api, klaviyo: KlaviyoHandle) -> None:
    """None is imported."""
    answer = api.load(_fan(0), lists=("Nope42",))
    assert _pointers(answer) == ["/data/relationships/lists/data/0/id"]
    assert klaviyo.profiles() == []


def test_profiles_join_the_lists_of_their_job(api: Api, klaviyo: KlaviyoHandle) -> None:
    """And the job tells which."""
    wanted = api.new_list()
    job = _job(api.load(_fan(0), _fan(1), lists=(wanted,)))
    assert [profile["lists"] for profile in klaviyo.profiles()] == [[wanted]] * 2
    document = api.get(f"/profile-bulk-import-jobs/{job}", include="lists").json()
    assert [each["id"] for each in document["included"]] == [wanted]
    for path in ("lists", "relationships/lists"):
        (told,) = api.get(f"/profile-bulk-import-jobs/{job}/{path}").json()["data"]
        assert told["id"] == wanted


def test_the_answer_is_a_queued_job_with_an_opaque_id(api: Api) -> None:
    """Counts come later."""
    data = api.load(_fan(0), _fan(1)).json()["data"]
    assert data["attributes"]["status"] == "queued"
    assert (data["attributes"]["total_count"], data["attributes"]["completed_count"]) == (2, 0)
    assert re.fullmatch(r"[A-Za-z0-9_-]{40,}", data["id"])


def test_a_job_goes_from_queued_over_processing_to_complete(
    api: Api, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """Its profiles are there at its end, not before."""
    klaviyo.knobs(job_seconds=100)
    job = _job(api.load(_fan(0)))
    seen = []
    for _ in range(3):
        seen.append((_read(api, job)["status"], klaviyo.counts()["profiles"]))
        sandbox.clock.advance(timedelta(seconds=51))
    assert seen == [("queued", 0), ("processing", 0), ("complete", 1)]


def test_a_job_and_its_errors_are_gone_after_seven_days(api: Api, sandbox: Sandbox) -> None:
    """404, and no longer listed."""
    job = _job(api.load(_fan(0)))
    sandbox.clock.advance(timedelta(days=7, seconds=1))
    assert api.get(f"/profile-bulk-import-jobs/{job}").status_code == 404
    assert api.get(f"/profile-bulk-import-jobs/{job}/import-errors").status_code == 404
    assert api.get("/profile-bulk-import-jobs").json()["data"] == []


def test_a_job_that_sticks_goes_on_when_faults_are_lifted(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Until then it is processing and nothing is imported."""
    klaviyo.stick()
    job = _job(api.load(_fan(0)))
    assert (_read(api, job)["status"], klaviyo.profiles()) == ("processing", [])
    klaviyo.clear_faults()
    assert (_read(api, job)["status"], len(klaviyo.profiles())) == ("complete", 1)


def test_rows_that_fail_are_errors_of_the_job(api: Api, klaviyo: KlaviyoHandle) -> None:
    """With the row as it was sent, and where it stood."""
    klaviyo.fail_rows(emails=["fan1@nevent-demo.es"])
    job = _job(api.load(_fan(0), _fan(1), _fan(2)))
    read = _read(api, job)
    assert (read["status"], read["completed_count"], read["failed_count"]) == ("complete", 2, 1)
    (error,) = api.get(f"/profile-bulk-import-jobs/{job}/import-errors").json()["data"]
    assert error["type"] == "import-error"
    assert error["attributes"]["source"] == {"pointer": f"{ROWS}/1"}
    assert error["attributes"]["original_payload"]["attributes"] == _fan(1)


def test_errors_of_a_job_come_in_pages(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Twenty unless asked otherwise."""
    klaviyo.fail_rows(rows=list(range(45)), pointer=False)
    path = f"/profile-bulk-import-jobs/{_job(api.load(*map(_fan, range(50))))}/import-errors"
    sizes, url = [], path
    while url:
        page = api.http.get(url.removeprefix(f"{klaviyo.url}/api")).json()
        sizes.append(len(page["data"]))
        url = page["links"]["next"]
    assert sizes == [20, 20, 5]
    assert api.get(path, page_size=1).json()["data"][0]["attributes"]["source"] == {}


def test_profiles_of_a_job_come_in_pages(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Whole, or their ids alone."""
    job = _job(api.load(*map(_fan, range(25))))
    first = api.get(f"/profile-bulk-import-jobs/{job}/profiles").json()
    second = api.http.get(first["links"]["next"].removeprefix(f"{klaviyo.url}/api")).json()
    emails = [each["attributes"]["email"] for page in (first, second) for each in page["data"]]
    assert emails == [_fan(n)["email"] for n in range(25)]
    ids = api.get(f"/profile-bulk-import-jobs/{job}/relationships/profiles", page_size=100)
    assert len(ids.json()["data"]) == 25


def test_jobs_are_filtered_by_status(api: Api, klaviyo: KlaviyoHandle) -> None:
    """And sorted by their creation."""
    done = _job(api.load(_fan(0)))
    klaviyo.knobs(job_seconds=1000)
    waiting = _job(api.load(_fan(1)))
    path = "/profile-bulk-import-jobs"
    for text, wanted in (
        ('equals(status,"complete")', [done]),
        ('any(status,["queued","complete"])', [done, waiting]),
    ):
        found = api.get(path, filter=text, sort="created_at").json()["data"]
        assert [each["id"] for each in found] == wanted


def test_an_address_declared_malformed_refuses_imports_and_events(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """As one that every check refuses, however it is written; until the order is lifted."""
    klaviyo.malformed(["fan1@nevent-demo.es"], "*", times=None)
    for _ in range(2):
        assert _pointers(api.load(_fan(0), {"email": "FAN1@nevent-demo.es"})) == [
            f"{ROWS}/1/attributes/email"
        ]
    pointer = "/data/attributes/events-bulk-create/data/0/attributes/profile/data/attributes/email"
    assert _pointers(api.event("fan1@nevent-demo.es")) == [pointer]
    assert [fault["kind"] for fault in klaviyo.faults()] == ["malformed"]
    klaviyo.clear_faults()
    assert api.load(_fan(1)).status_code == 202
