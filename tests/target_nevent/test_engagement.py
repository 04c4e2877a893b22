"""What people did with Klaviyo's mails stands in Nevent, each once."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest
from nevent_people import ANA, ENGAGEMENT, EVA, SUBSCRIBERS, fan, opened, written, yes
from singer_messages import Run, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nevent_sandbox.nevent_handle import NeventHandle

BATCH = "POST /interactions"
ONE = "POST /users/{id}/interactions"
BY_EMAIL = "GET /users/email/{email}"


def _fates(run: Run) -> dict[str, Any]:
    fates: dict[str, Any] = run.summary["streams"]["engagement"]
    return fates


def test_an_open_becomes_an_interaction(nevent: NeventHandle, load: Callable[..., Run]) -> None:
    """With the campaign's name and its own time."""
    fan_id = fan(nevent)
    run = load([ENGAGEMENT, opened(external_id=fan_id), state({"n": 1})])
    assert (run.states, _fates(run)) == ([{"n": 1}], {"read": 1, "written": 1})
    (found,) = nevent.interactions(ANA)
    assert {name: each for name, each in found.items() if each and not name.endswith("edAt")} == {
        "id": found["id"],
        "userId": fan_id,
        "channel": "EMAIL",
        "type": "OPENED",
        "source": "klaviyo",
        "externalId": "e1",
        "campaignName": "Summer",
        "externalCampaignId": "C1",
        "subject": "It begins",
    }
    assert found["occurredAt"] == "2026-05-02T08:00:00.000Z"


def test_the_second_run_changes_nothing(nevent: NeventHandle, load: Callable[..., Run]) -> None:
    """Nevent knows each by its id."""
    messages = [ENGAGEMENT, *(opened(f"e{n}", external_id=fan(nevent)) for n in range(1))]
    load(messages)
    before = nevent.interactions()
    assert _fates(load(messages)) == {"read": 1, "unchanged": 1}
    assert nevent.interactions() == before


def test_a_flow_s_status_is_one_interaction_that_moves_on(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """The same id with a new status updates it."""
    fan_id = fan(nevent)
    flow = {"flow_id": "F1", "flow_name": "Welcome", "channel": None, "external_id": fan_id}
    for status, at in (("active", "2026-05-02"), ("finished", "2026-05-09")):
        told = opened("p|F1", type="flow_status", flow_status=status, at=f"{at}T00:00:00Z", **flow)
        assert _fates(load([ENGAGEMENT, told])) == {"read": 1, "written": 1}
    (found,) = nevent.interactions(ANA)
    assert (found["flowStatus"], found["flowName"]) == ("finished", "Welcome")


def test_thousands_go_in_few_requests_and_each_person_is_looked_up_once(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Five hundred a request; an e-mail costs one look, an id none."""
    fan_id = fan(nevent)
    fan(nevent, EVA)
    nevent.clear_requests()
    rows = [
        opened(f"e{n}", **({"external_id": fan_id} if n % 2 else {"email": EVA}))
        for n in range(2_000)
    ]
    assert _fates(load([ENGAGEMENT, *rows])) == {"read": 2_000, "written": 2_000}
    assert len(nevent.interactions()) == 2_000
    assert len(nevent.requests(BATCH)) <= 8
    assert len(nevent.requests(BY_EMAIL)) <= 4  # rounds under way at once
    assert nevent.requests("GET /users/{id}") == []


def test_people_whom_nevent_does_not_know_are_counted(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """By address, or by an id that Nevent has no more; no reject, and nobody is made."""
    gone = fan(nevent)
    nevent.erase(gone)
    before = len(nevent.users())
    rows = [opened("e1", email=EVA), opened("e2", external_id=gone), opened("e3", email=EVA)]
    run = load([ENGAGEMENT, *rows, state({"n": 1})])
    assert (_fates(run), run.states) == ({"read": 3, "unknown": 3}, [{"n": 1}])
    assert (run.rejects, len(nevent.users())) == ([], before)


def test_a_record_with_nothing_to_find_its_person_by_is_about_somebody_unknown(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Klaviyo has people with a number alone; but a stream without such a column is a mistake."""
    fan(nevent)
    assert _fates(load([ENGAGEMENT, opened(email=None)])) == {"read": 1, "unknown": 1}
    anonymous = schema("engagement", "id", "type", "at", keys=("id",))
    (reject,) = load([anonymous, opened()]).rejects
    assert reject["reason"].startswith("nobody is named")


def test_a_person_who_signs_up_in_the_same_run_is_known_to_what_they_did(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Even though the first of it came before the sign-up."""
    more = {
        "newsletter_id": nevent.newsletters()[0]["id"],
        "import_since": "2026-01-01T00:00:00Z",
    }
    first = [opened(f"e{n}", email=EVA) for n in range(500)]
    rows = [ENGAGEMENT, SUBSCRIBERS, *first, yes(), opened("x", email=ANA)]
    plan = load(rows, dry_run=True, **more)
    assert _fates(plan) == {"read": 501, "unknown": 500, "planned": 1}
    assert written(nevent) == []
    assert _fates(load(rows, **more)) == {"read": 501, "unknown": 500, "written": 1}


def test_an_interaction_that_nevent_does_not_take_is_rejected_alone(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """With Nevent's words, and what was sent."""
    ana, eva = fan(nevent), fan(nevent, EVA)
    load([ENGAGEMENT, opened("e1", external_id=ana)])
    run = load([ENGAGEMENT, opened("e1", external_id=eva), opened("e2", external_id=eva)])
    assert _fates(run)["written"] == 1
    (reject,) = run.rejects
    assert reject["reason"].startswith("Nevent: INVALID: Field 'externalId'")
    assert reject["payload"]["id"] == "e1"


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_batch_is_halved_until_the_bad_one_is_alone(
    nevent: NeventHandle, load: Callable[..., Run], status: int
) -> None:
    """One bad row never sinks its batch."""
    rows = [opened(f"e{n}", external_id=fan(nevent)) for n in range(1)] * 1
    rows += [opened(f"f{n}", external_id="65000000000000000000beef") for n in range(3)]
    nevent.refuse(BATCH, status=status, times=3)  # of four, of two, of one
    run = load([ENGAGEMENT, *rows])
    assert len(run.rejects) == 1
    assert run.rejects[0]["reason"].startswith(f"Nevent: POST /interactions: {status}")


def test_a_batch_cut_off_after_it_was_applied_is_sent_again_to_no_effect(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Known by their ids, none is there twice."""
    fan_id = fan(nevent)
    nevent.drop(BATCH, after=True)
    run = load([ENGAGEMENT, *(opened(f"e{n}", external_id=fan_id) for n in range(5))])
    assert _fates(run) == {"read": 5, "unchanged": 5}
    assert len(nevent.interactions()) == 5


def test_where_there_is_no_batch_they_go_one_by_one(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """The summary counts alike."""
    fan_id = fan(nevent)
    nevent.refuse(BATCH, status=404, times=None)
    rows = [opened("e1", external_id=fan_id), opened("e2", email=ANA), opened("e3", email=EVA)]
    gone = opened("e4", external_id="65000000000000000000beef")
    assert _fates(load([ENGAGEMENT, *rows, gone])) == {"read": 4, "written": 2, "unknown": 2}
    assert len(nevent.interactions(ANA)) == 2
    assert _fates(load([ENGAGEMENT, *rows])) == {"read": 3, "unchanged": 2, "unknown": 1}


def test_where_there_are_no_interactions_the_latest_goes_to_custom_fields(
    published: NeventHandle, load: Callable[..., Run]
) -> None:
    """In whatever order they come, and never back in time."""
    fan_id = fan(published)
    for name, kind in (("last_open", "DATE"), ("last_campaign", "TEXT"), ("last_click", "TEXT")):
        published.edit(add_property={"name": name, "dataType": kind})
    fields = {"opened": "last_open", "opened_name": "last_campaign", "clicked": "last_click"}
    rows = [
        opened("e1", external_id=fan_id, at="2026-05-09T08:00:00Z", campaign_name="Autumn"),
        opened("e2", email=ANA, at="2026-05-02T08:00:00Z"),
        opened("e3", email=ANA, type="clicked", at="2026-05-02T08:00:00Z"),
        opened("e4", email=ANA, type="received"),
        opened("e5", email=EVA),
    ]
    run = load([ENGAGEMENT, *rows], engagement_fields=fields)
    assert _fates(run) == {"read": 5, "written": 4, "unknown": 1}
    assert run.summary["notes"] == {
        "engagement written to custom fields: this Nevent keeps no interactions": 4
    }
    kept = published.user(ANA)
    assert kept is not None
    values = [each["value"] for each in kept["customFieldValues"]]
    assert sorted(values) == ["2026-05-02T08:00:00.000+00:00", "2026-05-09", "Autumn"]
    published.clear_requests()
    load([ENGAGEMENT, *rows], engagement_fields=fields)
    assert [each for each in written(published) if each.startswith("PUT")] == []


def test_where_there_are_no_interactions_each_goes_to_a_file_once(
    published: NeventHandle, load: Callable[..., Run], tmp_path: Path
) -> None:
    """For its owner's eyes; no address in it."""
    fan(published)
    path = tmp_path / "engagement.jsonl"
    messages = [ENGAGEMENT, opened("e1", email=ANA), opened("e2", email=ANA)]
    for _ in range(2):
        run = load(messages, engagement_path=str(path))
        assert _fates(run) == {"read": 2, "written": 2}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [each["id"] for each in lines] == ["e1", "e2"]
    assert (ANA in path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (False, 0o600)


def test_where_there_is_no_place_at_all_the_summary_says_so(
    published: NeventHandle, load: Callable[..., Run]
) -> None:
    """Nothing is rejected, and a dry run foresees it."""
    fan(published)
    reason = "this Nevent keeps no interactions, and no other place is configured"
    for dry in (True, False):
        run = load([ENGAGEMENT, opened(email=ANA)], dry_run=dry)
        assert _fates(run)["withheld_reasons"] == {reason: 1}
