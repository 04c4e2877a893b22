"""Jobs that suppress and unsuppress people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from consent_bodies import SUPPRESS, UNSUPPRESS, addresses, members

if TYPE_CHECKING:
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

Api = Any
Document = dict[str, Any]
ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"


def _job(api: Api, body: Document) -> str:
    answer = api.change(body)
    assert answer.status_code == 202, answer.text
    job = answer.json()["data"]
    assert job["attributes"]["status"] == "queued"
    assert job["attributes"]["completed_at"] is None
    identifier: str = job["id"]
    return identifier


def _read(api: Api, kind: str, job: str) -> Document:
    attributes: Document = api.get(f"/{kind}s/{job}").json()["data"]["attributes"]
    return attributes


def _reasons(klaviyo: KlaviyoHandle, email: str) -> list[str]:
    consent = klaviyo.consent(email)
    assert consent is not None
    return [each["reason"] for each in consent["email"]["marketing"]["suppression"]]


def test_who_is_suppressed_gets_no_mail_whatever_they_consented_to(
    api: Api, klaviyo: KlaviyoHandle
) -> None:
    """Consent stays as it is, no event tells of it, and who was unknown gets a profile."""
    klaviyo.subscribe(ANA)
    job = _job(api, addresses(SUPPRESS, "Ana@nevent-demo.es", EVA))
    consent = klaviyo.consent(ANA)
    assert consent is not None
    marketing = consent["email"]["marketing"]
    assert (marketing["consent"], marketing["can_receive_email_marketing"]) == ("SUBSCRIBED", False)
    assert _reasons(klaviyo, ANA) == _reasons(klaviyo, EVA) == ["USER_SUPPRESSED"]
    assert [event["metric"] for event in klaviyo.events()] == ["Subscribed to Email Marketing"]
    read = _read(api, SUPPRESS, job)
    assert read["status"] == "complete"
    assert (read["total_count"], read["completed_count"], read["skipped_count"]) == (2, 2, 0)


def test_who_is_suppressed_already_is_skipped(api: Api, klaviyo: KlaviyoHandle) -> None:
    """And keeps the date."""
    _job(api, addresses(SUPPRESS, ANA))
    before = klaviyo.consent(ANA)
    read = _read(api, SUPPRESS, _job(api, addresses(SUPPRESS, ANA, EVA)))
    assert (read["total_count"], read["completed_count"], read["skipped_count"]) == (2, 1, 1)
    assert klaviyo.consent(ANA) == before


@pytest.mark.parametrize(
    ("deed", "reason"),
    [("unsubscribe", "UNSUBSCRIBE"), ("complain", "SPAM_COMPLAINT"), ("bounce", "HARD_BOUNCE")],
)
def test_unsuppressing_lifts_only_what_was_done_by_hand(
    api: Api, klaviyo: KlaviyoHandle, deed: str, reason: str
) -> None:
    """What people or their mail servers did remains."""
    klaviyo.subscribe(ANA)
    getattr(klaviyo, deed)(ANA)
    _job(api, addresses(SUPPRESS, ANA))
    assert sorted(_reasons(klaviyo, ANA)) == sorted([reason, "USER_SUPPRESSED"])
    read = _read(api, UNSUPPRESS, _job(api, addresses(UNSUPPRESS, ANA, EVA)))
    assert _reasons(klaviyo, ANA) == [reason]
    assert (read["completed_count"], read["skipped_count"]) == (1, 1)
    assert klaviyo.consent(EVA) is None


def test_a_list_is_suppressed_as_a_whole(api: Api, klaviyo: KlaviyoHandle) -> None:
    """Its members at that time, and lifted the same way."""
    wanted = api.new_list()
    api.load({"email": ANA}, {"phone_number": "+34600112233"}, lists=(wanted,))
    api.load({"email": EVA})
    job = api.change(members(SUPPRESS, wanted)).json()["data"]
    related = job["relationships"]["lists"]["data"]
    assert related == [{"type": "list", "id": wanted}]
    assert _read(api, SUPPRESS, job["id"])["total_count"] == 1
    assert (_reasons(klaviyo, ANA), _reasons(klaviyo, EVA)) == (["USER_SUPPRESSED"], [])
    _job(api, members(UNSUPPRESS, wanted))
    assert _reasons(klaviyo, ANA) == []


def test_a_job_takes_its_time(api: Api, klaviyo: KlaviyoHandle, sandbox: Sandbox) -> None:
    """queued, processing, complete; nobody is suppressed before."""
    klaviyo.knobs(job_seconds=100)
    job = _job(api, addresses(SUPPRESS, ANA))
    seen = []
    for _ in range(3):
        seen.append((_read(api, SUPPRESS, job)["status"], klaviyo.counts()["suppressions"]))
        sandbox.clock.advance(timedelta(seconds=60))
    assert seen == [("queued", 0), ("processing", 0), ("complete", 1)]


def test_a_job_that_sticks_goes_on_when_released(api: Api, klaviyo: KlaviyoHandle) -> None:
    """As import jobs do."""
    klaviyo.stick(f"POST /{SUPPRESS}s")
    job = _job(api, addresses(SUPPRESS, ANA))
    assert _read(api, SUPPRESS, job)["status"] == "processing"
    klaviyo.clear_faults()
    assert _read(api, SUPPRESS, job)["status"] == "complete"
    assert _reasons(klaviyo, ANA) == ["USER_SUPPRESSED"]


def test_jobs_are_listed_by_kind_status_and_list(api: Api, klaviyo: KlaviyoHandle) -> None:
    """The newest first, page by page; a job of one kind is unknown to the other."""
    wanted = api.new_list()
    jobs = [_job(api, addresses(SUPPRESS, f"fan{n}@nevent-demo.es")) for n in range(21)]
    of_list = _job(api, members(SUPPRESS, wanted))
    lifted = _job(api, addresses(UNSUPPRESS, ANA))
    page = api.get(f"/{SUPPRESS}s").json()
    rest = api.http.get(page["links"]["next"]).json()
    assert [each["id"] for each in page["data"] + rest["data"]] == [of_list, *reversed(jobs)]
    for text, ids in (
        (f'equals(list_id,"{wanted}")', [of_list]),
        ("equals(status,'queued')", []),
        ("equals(segment_id,'any')", []),
    ):
        found = api.get(f"/{SUPPRESS}s", filter=text).json()["data"]
        assert [each["id"] for each in found] == ids
    oldest = api.get(f"/{SUPPRESS}s", sort="created", filter="equals(status,'complete')")
    assert oldest.json()["data"][0]["id"] == jobs[0]
    assert [each["id"] for each in api.get(f"/{UNSUPPRESS}s").json()["data"]] == [lifted]
    assert api.get(f"/{UNSUPPRESS}s/{of_list}").status_code == 404
    assert len(klaviyo.suppression_jobs()) == 23
