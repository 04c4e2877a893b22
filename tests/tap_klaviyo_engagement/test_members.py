"""Members of lists, with the consent that they gave or did not give."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from flow_definitions import new_list
from klaviyo_client import KlaviyoSession
from klaviyo_client.limits import ADD_MEMBERS
from klaviyo_lists import load
from singer_sdk.exceptions import ConfigValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_extraction import Output
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

    Extract = Callable[..., Output]

ANA, LUIS = "ana@nevent-demo.es", "luis@nevent-demo.es"
STREAM = "list_members"


def emails(output: Output) -> list[str]:
    """Whom the run gave, in alphabetical order."""
    return sorted(each["email"] for each in output.records[STREAM])


def test_being_on_a_list_is_no_consent(extract: Extract, klaviyo: KlaviyoHandle) -> None:
    """Who was imported was never asked; who signed up consented, at a time and by a source."""
    news = new_list(klaviyo, "News")
    load(klaviyo, news, 1)
    klaviyo.subscribe(ANA, phone_number="+34600111222", list_id=news)
    by_email = {each["email"]: each for each in extract(None, STREAM).records[STREAM]}
    ana, imported = by_email[ANA], by_email["fan0@nevent-demo.es"]
    assert (imported["email_consent"], imported["email_consented_at"]) == ("NEVER_SUBSCRIBED", None)
    assert ana["email_consent"] == ana["sms_consent"] == "SUBSCRIBED"
    assert ana["email_consented_at"] == ana["joined_at"]
    assert (ana["list_name"], ana["email_consent_method"]) == ("News", "FORM")
    assert (ana["email_can_receive"], ana["sms_can_receive"]) == (True, True)


def test_who_opted_out_has_no_time_of_consent(extract: Extract, klaviyo: KlaviyoHandle) -> None:
    """Klaviyo dates the withdrawal in the same field."""
    news = new_list(klaviyo, "News")
    klaviyo.subscribe(ANA, list_id=news)
    klaviyo.unsubscribe(ANA)
    [ana] = extract(None, STREAM).records[STREAM]
    assert (ana["email_consent"], ana["email_consented_at"]) == ("UNSUBSCRIBED", None)
    assert (ana["email_suppression"], ana["email_can_receive"]) == ("UNSUBSCRIBE", False)
    assert ana["email_suppressed_at"]


def test_an_objection_is_told_before_a_bounce(extract: Extract, klaviyo: KlaviyoHandle) -> None:
    """Whichever came first."""
    news = new_list(klaviyo, "News")
    klaviyo.subscribe(ANA, list_id=news)
    klaviyo.bounce(ANA)
    klaviyo.complain(ANA)
    [ana] = extract(None, STREAM).records[STREAM]
    assert ana["email_suppression"] == "SPAM_COMPLAINT"
    assert (ana["email_consent"], ana["email_can_receive"]) == ("SUBSCRIBED", False)


def test_only_who_joined_since_is_given_again(
    extract: Extract, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """Those met inside the look-back are not repeated; who joins again is."""
    news = new_list(klaviyo, "News")
    klaviyo.subscribe(ANA, list_id=news)
    first = extract(None, STREAM)
    sandbox.clock.advance(timedelta(hours=1))
    klaviyo.subscribe(LUIS, list_id=news)
    second = extract(first.state, STREAM)
    sandbox.clock.advance(timedelta(hours=1))
    klaviyo.unsubscribe(ANA, list_id=news)
    klaviyo.subscribe(ANA, list_id=news)
    third = extract(second.state, STREAM)
    assert [emails(each) for each in (first, second, third)] == [[ANA], [LUIS], [ANA]]
    assert extract(third.state, STREAM).records[STREAM] == []
    mark = third.state["bookmarks"][STREAM]["lists"][news]["replication_key_value"]
    assert mark >= third.records[STREAM][0]["joined_at"]


def test_who_joins_in_the_second_of_the_bookmark_is_not_lost(
    extract: Extract, klaviyo: KlaviyoHandle
) -> None:
    """Even with no look-back at all."""
    news = new_list(klaviyo, "News")
    load(klaviyo, news, 3)
    first = extract(None, STREAM, lookback_days=0)
    assert emails(extract(first.state, STREAM, lookback_days=0)) == []
    joined = max(each["joined_at"] for each in first.records[STREAM])
    forgotten = json.loads(json.dumps(first.state))
    forgotten["bookmarks"][STREAM]["lists"][news] = {"replication_key_value": joined}
    assert len(emails(extract(forgotten, STREAM, lookback_days=0))) == 3


def test_a_large_list_is_read_whole_by_several_at_once(
    extract: Extract, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """2,500 members, a third of them in one second; each exactly once."""
    news = new_list(klaviyo, "News")
    load(klaviyo, news, 900)
    for some in range(16):
        sandbox.clock.advance(timedelta(hours=7))
        load(klaviyo, news, 100, first=900 + 100 * some)
    klaviyo.clear_requests()
    found = emails(extract(None, STREAM))
    assert found == sorted(f"fan{each}@nevent-demo.es" for each in range(2500))
    asked = klaviyo.requests("GET /lists/{id}/profiles")
    assert 25 <= len(asked) <= 60


def test_a_list_chosen_later_is_read_from_its_beginning(
    extract: Extract, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """By name or by id; the bookmark of another list says nothing about it."""
    old, news = new_list(klaviyo, "Old"), new_list(klaviyo, "News")
    klaviyo.subscribe(LUIS, list_id=old)
    sandbox.clock.advance(timedelta(days=30))
    klaviyo.subscribe(ANA, list_id=news)
    first = extract(None, STREAM, lists=["News"])
    second = extract(first.state, STREAM, lists=[news, old])
    assert (emails(first), emails(second)) == ([ANA], [LUIS])


def test_a_list_that_is_not_there_is_named(extract: Extract, klaviyo: KlaviyoHandle) -> None:
    """With those that are."""
    new_list(klaviyo, "News")
    with pytest.raises(ConfigValidationError, match=r"no list 'Nwes'; there are: News"):
        extract(None, STREAM, lists=["Nwes"])


def test_a_list_deleted_or_renamed_between_runs_does_not_cost_the_others(
    extract: Extract, klaviyo: KlaviyoHandle, caplog: pytest.LogCaptureFixture
) -> None:
    """The one is left out, the other read on by its id; both are told."""
    news, gone = new_list(klaviyo, "News"), "GONE01"
    klaviyo.subscribe(ANA, list_id=news)
    first = extract(None, STREAM, lists=["News"])
    state = json.loads(json.dumps(first.state))
    state["bookmarks"][STREAM]["list_names"] = {news: "Old news", gone: "Gone"}
    klaviyo.subscribe(LUIS, list_id=news)
    second = extract(state, STREAM, lists=["Old news", "Gone", gone])
    assert emails(second) == [LUIS]
    assert "The list 'Old news' is called 'News' now" in caplog.text
    assert caplog.text.count("is no longer there and is left out") == 2


def test_a_list_deleted_while_others_are_read_stops_nothing(
    extract: Extract, klaviyo: KlaviyoHandle
) -> None:
    """It has no members any more."""
    news = new_list(klaviyo, "News")
    new_list(klaviyo, "Gone")
    klaviyo.subscribe(ANA, list_id=news)
    klaviyo.refuse("GET /lists/{id}/profiles", status=404)
    assert len(emails(extract(None, STREAM))) <= 1


def test_members_are_added_by_hand_too(extract: Extract, klaviyo: KlaviyoHandle) -> None:
    """Adding to a list is no consent either; the fan's id comes along."""
    news = new_list(klaviyo, "News")
    klaviyo.subscribe(ANA)
    klaviyo.unsubscribe(ANA)
    ana = klaviyo.profile(ANA)
    assert ana
    body = json.dumps({"data": [{"type": "profile", "id": ana["id"]}]}).encode()
    session = KlaviyoSession("pk_sandbox_full", api_url=klaviyo.url)
    session.post(ADD_MEMBERS, body, path_id=news)
    session.close()
    [found] = extract(None, STREAM).records[STREAM]
    assert (found["profile_id"], found["email_consent"]) == (ana["id"], "UNSUBSCRIBED")


def test_a_list_that_nobody_joins_any_more_is_not_read_over_and_over(
    extract: Extract, klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """An imported list of a hundred thousand would be a thousand requests a run, for ever."""
    news = new_list(klaviyo, "News")
    load(klaviyo, news, 250)
    first = extract(None, STREAM)
    sandbox.clock.advance(timedelta(days=8))
    second = extract(first.state, STREAM)
    sandbox.clock.advance(timedelta(days=8))
    klaviyo.clear_requests()
    third = extract(second.state, STREAM)
    assert not second.records[STREAM] + third.records[STREAM]
    assert len(klaviyo.requests("GET /lists/{id}/profiles")) == 1
    assert "met" not in third.state["bookmarks"][STREAM]["lists"][news]
    klaviyo.subscribe(ANA, list_id=news)
    assert emails(extract(third.state, STREAM)) == [ANA]
