"""Keys that may not read everything: what is missing is left out, and nothing else."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from flow_definitions import new_list
from klaviyo_client import ForbiddenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_extraction import Output
    from nevent_sandbox.handles import KlaviyoHandle

    Extract = Callable[..., Output]

ANA = "ana@nevent-demo.es"


@pytest.fixture
def account(klaviyo: KlaviyoHandle) -> KlaviyoHandle:
    """A little of everything."""
    news = new_list(klaviyo, "News")
    klaviyo.subscribe(ANA, phone_number="+34600111222", list_id=news)
    klaviyo.unsubscribe(phone_number="+34600111222")
    klaviyo.unsubscribe(ANA, list_id=news)
    klaviyo.subscribe("luis@nevent-demo.es", list_id=news)
    klaviyo.add_campaign("Spring", lists=[news])
    klaviyo.add_flow("Thanks")
    return klaviyo


@pytest.mark.parametrize(
    ("lacking", "left_out"),
    [
        ("lists", {"lists", "list_members"}),
        ("profiles", {"list_members", "consent_changes"}),
        ("campaigns", {"campaigns"}),
        ("flows", {"flows"}),
        ("segments", set()),
        ("accounts", set()),
    ],
)
@pytest.mark.usefixtures("account")
def test_a_missing_scope_leaves_out_its_streams_only(
    extract: Extract, caplog: pytest.LogCaptureFixture, lacking: str, left_out: set[str]
) -> None:
    """With a warning that names stream and scope."""
    streams = {"lists", "list_members", "consent_changes", "campaigns", "flows"}
    with caplog.at_level(logging.WARNING):
        output = extract(None, *streams, api_key=f"pk_sandbox_no_{lacking}")
    assert {name for name in streams if not output.records[name]} == left_out
    for name in left_out:
        told = [each for each in caplog.messages if f"'{name}' is left out" in each]
        assert len(told) == 1
        assert f"{lacking}:read" in told[0]


@pytest.mark.parametrize("lacking", ["events", "metrics"])
@pytest.mark.usefixtures("account")
def test_changes_of_consent_are_found_without_events_too(
    extract: Extract, account: KlaviyoHandle, caplog: pytest.LogCaptureFixture, lacking: str
) -> None:
    """By suppressions and profiles, and it is said that the third way is closed."""
    key = f"pk_sandbox_no_{lacking}"
    first = extract(None, "consent_changes", api_key=key)
    account.complain(ANA)
    with caplog.at_level(logging.WARNING):
        second = extract(first.state, "consent_changes", api_key=key)
    told = {(each["channel"], each["reason"]) for each in second.records["consent_changes"]}
    assert ("email", "SPAM_COMPLAINT") in told
    assert any("suppressions and profiles only" in each for each in caplog.messages)


@pytest.mark.usefixtures("account")
def test_without_lists_the_list_that_was_left_has_no_name(extract: Extract) -> None:
    """That it was left is told all the same."""
    output = extract(None, "consent_changes", api_key="pk_sandbox_no_lists")
    [row] = [each for each in output.records["consent_changes"] if each["status"] == "left_list"]
    assert row["list_id"]
    assert row["list_name"] is None


@pytest.mark.usefixtures("account")
def test_a_key_that_may_read_nothing_that_is_wanted_is_an_error(extract: Extract) -> None:
    """An empty success would hide it."""
    with pytest.raises(ForbiddenError, match="campaigns:read"):
        extract(None, "campaigns", api_key="pk_sandbox_no_campaigns")
