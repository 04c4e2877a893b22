"""Profiles and events on their way into Klaviyo, and what may happen to them there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from klaviyo_client import DeniedError
from klaviyo_client import RejectedError as RefusedError
from singer_messages import Message, Run, record, schema, state
from target_klaviyo.jobs import StuckJobError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]

ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"
IMPORT = "POST /profile-bulk-import-jobs"
BULK_EVENTS = "POST /event-bulk-create-jobs"
NOW = datetime.now(tz=UTC).isoformat()


def _people(number: int, stream: str = "profiles", **values: Any) -> list[Message]:
    return [
        record(stream, email=f"fan{index}@nevent-demo.es", first_name=f"Fan {index}", **values)
        for index in range(number)
    ]


def _purchase(index: int, **values: Any) -> Message:
    columns = {
        "email": f"fan{index}@nevent-demo.es",
        "metric": "Purchased Ticket",
        "time": NOW,
        "unique_id": f"nevent:ticket:{index}",
        "value": 85.0,
    }
    return record("events", **{**columns, **values})


def _attributes(klaviyo: KlaviyoHandle, email: str) -> Message:
    profile = klaviyo.profile(email)
    assert profile is not None
    attributes: Message = profile["attributes"]
    return attributes


PROFILES = schema("profiles", "email", "first_name", "phone_number", "next_event")
EVENTS = schema("events", "email", "metric", "time", "unique_id", "value", keys=("unique_id",))


def test_a_profile_arrives_as_it_was_mapped(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Attributes, location and custom properties, with the phone in E.164."""
    load(
        [
            schema("profiles", "email", "first_name", "phone_number", "city", "vip_status"),
            record(
                "profiles",
                email="Ana@Nevent-Demo.es",
                first_name="Ana María ñ 🎉",
                phone_number="600 11 22 33",
                city="A Coruña",
                vip_status=True,
            ),
        ]
    )
    attributes = _attributes(klaviyo, "ana@nevent-demo.es")
    assert attributes["first_name"] == "Ana María ñ 🎉"
    assert attributes["phone_number"] == "+34600112233"
    assert attributes["location"]["city"] == "A Coruña"
    assert attributes["properties"] == {"vip_status": True}


def test_a_null_clears_a_custom_property_that_klaviyo_holds(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The fan's next concert was cancelled: the property goes."""
    load([PROFILES, record("profiles", email="ana@nevent-demo.es", next_event="Sónar")])
    load([PROFILES, record("profiles", email="ana@nevent-demo.es", next_event=None)])
    assert _attributes(klaviyo, "ana@nevent-demo.es")["properties"] == {}


def test_ten_thousand_people_are_one_job_and_one_more_is_two(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Cut by count."""
    run = load([PROFILES, *_people(10_001)])
    assert sorted(request["items"] for request in klaviyo.requests(IMPORT)) == [1, 10_000]
    assert run.summary["streams"]["profiles"] == {"read": 10_001, "written": 10_001}


def test_large_profiles_are_cut_by_bytes(load: Load, klaviyo: KlaviyoHandle) -> None:
    """No body is over 5 MB, whatever the count."""
    columns = schema("profiles", "email", "first_name", "bio")
    load([columns, *_people(120, bio="ñ" * 40_000)])
    requests = klaviyo.requests(IMPORT)
    assert len(requests) == 2
    assert max(request["bytes"] for request in requests) < 5_000_000


def test_records_of_one_person_are_one_row_of_a_job(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Order within a job is not kept, so the last one is merged over the earlier ones."""
    run = load(
        [
            PROFILES,
            record(
                "profiles", email="ana@nevent-demo.es", first_name="A", phone_number="600112233"
            ),
            record("profiles", email="ANA@nevent-demo.es", first_name="Ana"),
        ]
    )
    (request,) = klaviyo.requests(IMPORT)
    assert request["items"] == 1
    attributes = _attributes(klaviyo, "ana@nevent-demo.es")
    assert (attributes["first_name"], attributes["phone_number"]) == ("Ana", "+34600112233")
    assert run.summary["streams"]["profiles"] == {"read": 2, "written": 1, "merged": 1}


def test_a_person_in_an_open_job_waits_for_its_end(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Two open jobs for one person would end in any order: the later value must win."""
    klaviyo.knobs(job_seconds=0.3)
    again = record("profiles", email="fan0@nevent-demo.es", first_name="Later")
    load([PROFILES, *_people(10_000), again])
    assert _attributes(klaviyo, "fan0@nevent-demo.es")["first_name"] == "Later"
    first, second = klaviyo.jobs()
    assert sorted((first["total_count"], second["total_count"])) == [1, 10_000]


def test_streams_of_one_kind_interleaved_with_repeated_schemas_share_jobs(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Two sources, each with its own schema, one person: one row of one job."""
    activity = schema("profiles__activity", "email", "total_spent")
    messages: list[Message] = []
    for index in range(20):
        email = f"fan{index}@nevent-demo.es"
        messages += [
            PROFILES,
            record("profiles", email=email, first_name="Ana"),
            activity,
            record("profiles__activity", email=email, total_spent=float(index)),
        ]
    run = load(messages)
    (request,) = klaviyo.requests(IMPORT)
    assert request["items"] == 20
    assert _attributes(klaviyo, "fan7@nevent-demo.es")["properties"]["total_spent"] == 7
    assert run.summary["streams"]["profiles__activity"]["merged"] == 20


def test_events_go_a_thousand_at_a_time_each_with_its_value(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Accepted, not written: Klaviyo gives no job to ask."""
    run = load([EVENTS, *[_purchase(index) for index in range(1_001)]])
    assert sorted(request["items"] for request in klaviyo.requests(BULK_EVENTS)) == [1, 1_000]
    assert len(klaviyo.events(metric="Purchased Ticket")) == 1_001
    assert run.summary["streams"]["events"] == {"read": 1_001, "accepted": 1_001}


def test_an_event_of_someone_with_an_address_does_not_carry_the_phone(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Both might belong to two profiles; without an address the phone identifies."""
    columns = schema("events", "n", "email", "phone_number", "metric", "time", keys=("n",))
    both = record(
        "events", n=1, email="ana@nevent-demo.es", phone_number="600112233", metric="A", time=NOW
    )
    phone = record("events", n=2, email=None, phone_number="600112244", metric="A", time=NOW)
    load([columns, both, phone])
    assert _attributes(klaviyo, "ana@nevent-demo.es")["phone_number"] is None
    assert {each["attributes"]["phone_number"] for each in klaviyo.profiles()} == {
        None,
        "+34600112244",
    }


def test_a_phone_that_belongs_to_another_profile_costs_the_phone_not_the_person(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Klaviyo refuses such a row inside the job; it goes again without the number, counted."""
    ana, eva = _sharing_a_phone("ana", "eva")
    load([PROFILES, ana])
    run = load([PROFILES, eva, state("late")])
    assert _attributes(klaviyo, "eva@nevent-demo.es")["first_name"] == "eva"
    assert run.summary["notes"] == {"phone number left out: another profile has it": 1}
    assert run.summary["streams"]["profiles"] == {"read": 1, "written": 1}
    assert run.states == ["late"]


def test_two_people_with_one_phone_cost_no_import_error(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Klaviyo tells few errors a minute; who has the number was read before. Once is enough."""
    ana, eva = _sharing_a_phone("ana", "eva")
    run = load([PROFILES, ana, eva, ana, state("late")])
    phones = {each: _attributes(klaviyo, each)["phone_number"] for each in (ANA, EVA)}
    assert phones == {ANA: "+34600112233", EVA: None}
    assert run.summary["notes"] == {"phone number left out: another profile has it": 1}
    assert run.summary["streams"]["profiles"] == {"read": 3, "written": 2, "merged": 1}
    assert not klaviyo.requests("GET /profile-bulk-import-jobs/{id}/import-errors")


def _sharing_a_phone(*names: str) -> list[Message]:
    return [
        record(
            "profiles", email=f"{name}@nevent-demo.es", first_name=name, phone_number="600112233"
        )
        for name in names
    ]


def test_an_event_read_twice_does_not_sink_its_request(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Klaviyo refuses a whole request that holds one unique_id twice."""
    run = load([EVENTS, _purchase(1), _purchase(1), _purchase(2)])
    assert len(klaviyo.events()) == 2
    assert run.summary["streams"]["events"] == {"read": 3, "accepted": 2, "merged": 1}


def test_a_profile_goes_before_the_events_of_its_person(load: Load, klaviyo: KlaviyoHandle) -> None:
    """The event waits for the import job, though it was read first."""
    klaviyo.knobs(job_seconds=0.3)
    load([EVENTS, PROFILES, _purchase(0), *_people(1)])
    operations = [request["operation"] for request in klaviyo.requests()]
    assert operations.index("POST /api/profile-bulk-import-jobs") < operations.index(
        "POST /api/event-bulk-create-jobs"
    )


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_klaviyo_delays_a_profile_but_never_loses_it(
    load: Load, klaviyo: KlaviyoHandle, status: int
) -> None:
    """Transient refusals are waited out."""
    klaviyo.refuse(IMPORT, status=status, times=2)
    run = load([PROFILES, *_people(1)])
    assert _attributes(klaviyo, "fan0@nevent-demo.es")["first_name"] == "Fan 0"
    assert run.summary["retries"] == 2


def test_a_challenge_page_is_no_word_about_the_key(load: Load, klaviyo: KlaviyoHandle) -> None:
    """403 as HTML comes from the CDN and passes."""
    klaviyo.challenge(IMPORT)
    load([PROFILES, *_people(1)])
    assert klaviyo.profile("fan0@nevent-demo.es")


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_cut_before_or_after_applying_doubles_nothing(
    load: Load, klaviyo: KlaviyoHandle, *, after: bool
) -> None:
    """Repeating is safe: people are upserted, events have their unique_id."""
    klaviyo.drop(IMPORT, after=after)
    klaviyo.drop(BULK_EVENTS, after=after)
    run = load([PROFILES, EVENTS, *_people(3), *[_purchase(index) for index in range(3)]])
    assert len(klaviyo.profiles()) == 3
    assert len(klaviyo.events()) == 3
    assert run.rejects == []


def test_rows_that_klaviyo_names_are_rejected_and_the_rest_is_sent_again(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """One bad row never sinks its batch."""
    bad = record("profiles", email="bad@nevent-demo.es", first_name=["not", "text"])
    run = load([PROFILES, *_people(5), bad, record("profiles", email="end@nevent-demo.es")])
    assert run.summary["streams"]["profiles"]["written"] == 6
    (reject,) = run.rejects
    assert reject["key"] == "bad@nevent-demo.es"
    assert reject["pointer"] == "/data/attributes/profiles/data/5/attributes/first_name"
    assert len(klaviyo.requests(IMPORT)) == 2


def test_a_refusal_that_names_no_row_is_halved_down_to_the_bad_one(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """64 rows, one bad, no pointer: the others are written."""
    klaviyo.knobs(pointers="none")
    bad = record("profiles", email="bad@nevent-demo.es", first_name=["not", "text"])
    run = load([PROFILES, *_people(63), bad])
    assert run.summary["streams"]["profiles"]["written"] == 63
    assert [reject["key"] for reject in run.rejects] == ["bad@nevent-demo.es"]
    assert len(klaviyo.requests(IMPORT)) <= 2 * 6 + 1


def test_many_bad_rows_that_nobody_names_are_found_one_by_one(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Fifteen side by side among two hundred."""
    klaviyo.knobs(pointers="none")
    bad = [
        record("profiles", email=f"bad{number}@nevent-demo.es", first_name=["not", "text"])
        for number in range(15)
    ]
    good = _people(185)
    run = load([PROFILES, *good[:100], *bad, *good[100:]], max_rejects=20)
    assert run.summary["streams"]["profiles"]["written"] == 185
    assert len(run.rejects) == 15


def test_a_request_that_is_too_large_is_split(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Whether Klaviyo's MB is decimal is not documented: 413 is an answer to go on from."""
    klaviyo.refuse(IMPORT, status=413, times=3)
    run = load([PROFILES, *_people(8), state("late")])
    assert run.summary["streams"]["profiles"] == {"read": 8, "written": 8}
    assert run.states == ["late"]


@pytest.mark.parametrize("status", [404, 410, 415])
def test_a_refusal_of_the_request_itself_is_not_blamed_on_its_rows(
    load: Load, klaviyo: KlaviyoHandle, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    """A wrong address or a retired revision ends the run; no state, nothing in the rejects."""
    klaviyo.refuse(IMPORT, status=status, times=None)
    with pytest.raises(RefusedError):
        load([PROFILES, *_people(1), state("late")])
    assert capsys.readouterr().out == ""


def test_an_event_without_unique_id_or_key_is_rejected(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Three purchases of one person would be one."""
    keyless = schema("events", "email", "metric", "time", keys=())
    same = record("events", email="ana@nevent-demo.es", metric="A", time=NOW)
    run = load([keyless, same, same, same])
    assert klaviyo.events() == []
    assert run.summary["streams"]["events"] == {
        "read": 3,
        "rejected": 3,
        "reasons": {"an event needs a unique_id, or a stream with a key to make one of": 3},
    }


def test_a_row_that_fails_inside_the_job_is_rejected_with_its_reason(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """All pages of the job's errors are read: 150 of them are two."""
    emails = [f"fan{index}@nevent-demo.es" for index in range(0, 300, 2)]
    klaviyo.fail_rows(emails=emails)
    run = load([PROFILES, *_people(300)], max_rejects=200)
    assert run.summary["streams"]["profiles"]["written"] == 150
    assert sorted(reject["key"] for reject in run.rejects) == sorted(emails)
    assert run.rejects[0]["payload"]["attributes"]["email"] in emails


def test_a_state_is_told_only_when_the_job_before_it_has_ended(
    load: Load, klaviyo: KlaviyoHandle, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that sticks holds the state back, and the run ends with an error that says so."""
    klaviyo.stick()
    messages = [PROFILES, state("early"), *_people(1), state("late")]
    with pytest.raises(StuckJobError, match="The state stays"):
        load(messages, job_timeout_minutes=0.001)
    assert "late" not in capsys.readouterr().out


def test_states_follow_their_records(load: Load) -> None:
    """The last one comes out when all is written, and earlier ones are not needed then."""
    run = load([PROFILES, *_people(3), state({"n": 1}), *_people(5), state({"n": 2})])
    assert run.states[-1] == {"n": 2}


def test_a_key_without_the_scope_stops_the_run_and_names_the_scope(
    load: Load, klaviyo: KlaviyoHandle, capsys: pytest.CaptureFixture[str]
) -> None:
    """Someone has to make a new key; no state passes what was not written."""
    with pytest.raises(DeniedError, match=r"profiles:write"):
        load([PROFILES, *_people(1), state("late")], api_key="pk_sandbox_readonly")
    assert capsys.readouterr().out == ""
    assert klaviyo.profiles() == []


def test_profiles_are_added_to_the_list_of_that_name_which_is_created_once(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """The name is looked for on all pages of lists first."""
    for _ in range(2):
        load([PROFILES, *_people(2)], list_name="Nevent - All Contacts")
    named = [each for each in klaviyo.lists() if each["name"] == "Nevent - All Contacts"]
    assert len(named) == 1
    assert named[0]["profile_count"] == 2


def test_a_list_on_a_later_page_is_found_by_its_name(load: Load, klaviyo: KlaviyoHandle) -> None:
    """Ten a page is Klaviyo's most; an account has more."""
    for number in range(25):
        load([PROFILES, *_people(1)], list_name=f"List {number}")
    load([PROFILES, *_people(1)], list_name="List 24")
    assert len([each for each in klaviyo.lists() if each["name"].startswith("List ")]) == 25
