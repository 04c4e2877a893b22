"""Every event once, whenever it shows."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from klaviyo_happenings import happen, ids

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from klaviyo_extraction import Output
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle

SECOND, MINUTE, HOUR, DAY = (
    timedelta(**{name: 1}) for name in ("seconds", "minutes", "hours", "days")
)


@pytest.fixture
def now(sandbox: Sandbox, klaviyo: KlaviyoHandle) -> datetime:
    """Klaviyo's present, to the second."""
    assert klaviyo
    return sandbox.clock.now().replace(microsecond=0)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of twenty, so that few events are many pages and windows."""
    monkeypatch.setattr("tap_klaviyo_engagement.events.MAX_EVENTS_PAGE", 20)
    monkeypatch.setattr("tap_klaviyo_engagement.windows._WORTH", 15)


def given(*outputs: Output, stream: str = "engagement") -> Counter[str]:
    """How often each event was given."""
    key = "id" if stream == "engagement" else "event_id"
    return Counter(each[key] for output in outputs for each in output.records[stream])


def later(sandbox: Sandbox, **time: float) -> None:
    """Let time pass."""
    sandbox.clock.advance(timedelta(**time))


def test_events_go_to_files_where_batches_are_configured(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, tmp_path: Path
) -> None:
    """As the SDK does it: none of them is a message, and no state comes before its file."""
    for number in range(5):
        klaviyo.subscribe(f"fan{number}@nevent-demo.es")
    told = {"encoding": {"format": "jsonl"}, "storage": {"root": tmp_path.as_uri()}}
    output = extract(None, "engagement", batch_config=told)
    (file,) = tmp_path.iterdir()
    written = [json.loads(line)["id"] for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert sorted(written) == sorted(given(extract(None, "engagement")))
    assert '{"type":"RECORD"' not in output.text
    assert output.text.index('{"type":"BATCH"') < output.text.index('{"type":"STATE"')
    assert not given(extract(output.state, "engagement"))


def test_every_deed_is_one_row_of_its_type(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle
) -> None:
    """By Klaviyo's own metrics, with the person."""
    klaviyo.subscribe("ana@nevent-demo.es", phone_number="+34600111222")
    klaviyo.subscribe("luis@nevent-demo.es")
    klaviyo.subscribe("eva@nevent-demo.es")
    klaviyo.bounce("luis@nevent-demo.es")
    klaviyo.complain("eva@nevent-demo.es")
    klaviyo.unsubscribe("ana@nevent-demo.es")
    rows = extract(None, "engagement").records["engagement"]
    told = {(each["type"], each["channel"], each["email"]) for each in rows}
    assert told >= {
        ("subscribed", "email", "ana@nevent-demo.es"),
        ("bounced", "email", "luis@nevent-demo.es"),
        ("spam", "email", "eva@nevent-demo.es"),
        ("unsubscribed", "email", "ana@nevent-demo.es"),
    }
    assert given(extract(None, "engagement")) == ids(klaviyo)


def test_a_row_says_what_the_event_says(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, now: datetime
) -> None:
    """With the fan, in UTC."""
    happen(
        klaviyo,
        [now - DAY],
        "Clicked Email",
        properties={"URL": "https://nevent.es/x", "machine_open": False},
    )
    happen(klaviyo, [now - DAY], "Opened Email", properties={"machine_open": True})
    happen(klaviyo, [now - DAY], "Bounced Email", properties={"Bounce Type": "Hard"})
    rows = {r["type"]: r for r in extract(None, "engagement").records["engagement"]}
    assert rows["clicked"]["url"] == "https://nevent.es/x"
    assert rows["clicked"]["at"] == (now - DAY).isoformat()
    assert rows["clicked"]["external_id"] == f"65{0:022x}"
    assert rows["clicked"]["email"] == "fan0@nevent-demo.es"
    assert rows["opened"]["machine_open"] is True
    assert rows["clicked"]["machine_open"] is False
    assert rows["bounced"]["machine_open"] is None
    assert rows["bounced"]["bounce_type"] == "Hard"


def test_old_names_of_text_messages_are_known(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, now: datetime
) -> None:
    """They were called SMS until July 2026."""
    names = ("Received SMS", "Received Text Message", "Clicked SMS", "Failed to Deliver SMS")
    for name in names:
        happen(klaviyo, [now - HOUR], name)
    rows = extract(None, "engagement").records["engagement"]
    assert {(r["metric_name"], r["type"], r["channel"]) for r in rows} == {
        ("Received SMS", "received", "sms"),
        ("Received Text Message", "received", "sms"),
        ("Clicked SMS", "clicked", "sms"),
        ("Failed to Deliver SMS", "bounced", "sms"),
    }


def test_another_integrations_metric_of_the_same_name_is_not_klaviyos(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, now: datetime
) -> None:
    """Ids are found by name and integration."""
    happen(klaviyo, [now - HOUR], "Opened Email", service="API")
    assert not extract(None, "engagement").records["engagement"]


def test_a_further_metric_is_told_as_custom(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, now: datetime
) -> None:
    """With its properties and its value."""
    happen(
        klaviyo,
        [now - HOUR],
        "Purchased Ticket",
        service="API",
        value=39.5,
        properties={"venue": "Sala Sol"},
    )
    assert not extract(None, "engagement").records["engagement"]
    (row,) = extract(None, "engagement", metrics=["purchased ticket"]).records["engagement"]
    assert (row["type"], row["channel"], row["attributed"]) == ("custom", None, False)
    assert (row["value"], row["value_currency"]) == (39.5, "EUR")
    assert row["properties"] == {"venue": "Sala Sol"}


def test_a_metric_that_is_not_there_yet_is_said_once(
    extract: Callable[..., Output], caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody bought anything yet: no error, but a typo shows."""
    assert not extract(None, "engagement", metrics=["Purchased Tiket"]).records["engagement"]
    assert sum("Purchased Tiket" in each for each in caplog.messages) == 1


def test_a_metric_named_later_brings_its_history(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, now: datetime
) -> None:
    """And nothing of the others again."""
    happen(klaviyo, [now - HOUR], "Opened Email")
    happen(klaviyo, [now - 90 * DAY, now - HOUR], "Purchased Ticket", service="API")
    first = extract(None, "engagement")
    second = extract(first.state, "engagement", metrics=["Purchased Ticket"])
    assert {r["type"] for r in second.records["engagement"]} == {"custom"}
    assert given(first, second) == ids(klaviyo)


def test_an_account_without_events_is_no_error(extract: Callable[..., Output]) -> None:
    """Nor is a second run of it."""
    first = extract(None, "engagement", "fan_campaigns")
    assert not any(extract(first.state, "engagement", "fan_campaigns").records.values())


@pytest.mark.usefixtures("small")
def test_many_pages_are_read_at_once_and_each_event_once(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, now: datetime
) -> None:
    """In bursts, in a trickle, and thousands in one second across page borders."""
    burst = [now - 20 * DAY + i % 90 * SECOND for i in range(900)]
    trickle = [now - 300 * DAY + i * DAY for i in range(290)]
    same = [now - 3 * DAY] * 130
    happen(klaviyo, [*burst, *trickle, *same])
    happen(klaviyo, [each + HOUR for each in burst[:300]], "Opened Email")
    klaviyo.clear_requests()
    first = extract(None, "engagement")
    assert given(first) == ids(klaviyo)
    # 1,620 events are 81 pages at best; a request more for each stretch that turned out empty
    assert len(klaviyo.requests("GET /api/events")) < 400
    assert not extract(first.state, "engagement").records["engagement"]


@pytest.mark.parametrize("late", [SECOND, 2 * MINUTE, 5 * HOUR, 6 * DAY])
@pytest.mark.usefixtures("small")
def test_an_event_that_shows_late_is_given_once_it_shows(
    sandbox: Sandbox,
    extract: Callable[..., Output],
    klaviyo: KlaviyoHandle,
    now: datetime,
    late: timedelta,
) -> None:
    """And only that one, among all those of the look-back."""
    happen(klaviyo, [now - 8 * DAY + i * 38 * MINUTE for i in range(300)], people=3)
    klaviyo.knobs(visibility_seconds=late.total_seconds())
    happen(klaviyo, [now - 10 * SECOND, now - 10 * SECOND])
    first = extract(None, "engagement", "fan_campaigns")
    later(sandbox, seconds=late.total_seconds() + 1)
    second = extract(first.state, "engagement")
    assert len(second.records["engagement"]) == 2
    assert given(first, second) == ids(klaviyo)
    third = extract(second.state, "engagement")
    assert not third.records["engagement"]


def test_many_late_events_of_one_hour_repeat_little_and_lose_none(
    sandbox: Sandbox, extract: Callable[..., Output], klaviyo: KlaviyoHandle, now: datetime
) -> None:
    """A cell that cannot tell which are new is given whole."""
    happen(klaviyo, [now - 5 * DAY + i * 3 * MINUTE for i in range(1000)])
    klaviyo.knobs(visibility_seconds=DAY.total_seconds())
    happen(klaviyo, [now - 4 * DAY + i * SECOND for i in range(50)])
    first = extract(None, "engagement")
    later(sandbox, days=1, seconds=1)
    second = extract(first.state, "engagement")
    assert set(given(first, second)) == set(ids(klaviyo))
    assert 50 <= len(second.records["engagement"]) < 900
    assert not extract(second.state, "engagement").records["engagement"]


def test_events_of_the_future_are_given_once_and_hold_nobody_up(
    sandbox: Sandbox, extract: Callable[..., Output], klaviyo: KlaviyoHandle, now: datetime
) -> None:
    """Neither lost nor told again when their time comes; the bookmark stays in the present."""
    coming = [now + 40 * DAY, now + 40 * DAY, now + 300 * DAY, now + 30 * SECOND]
    happen(klaviyo, [now - HOUR, *coming], "Opened Email")
    outputs = [extract(None, "engagement")]
    assert given(*outputs) == ids(klaviyo)
    for days in (0, 1, 39, 261):
        later(sandbox, days=days, seconds=31)
        happen(klaviyo, [sandbox.clock.now()], "Opened Email")
        outputs.append(extract(outputs[-1].state, "engagement"))
        marked = outputs[-1].state["bookmarks"]["engagement"]["replication_key_value"]
        assert marked <= sandbox.clock.now().isoformat()
    assert given(*outputs) == ids(klaviyo)


@pytest.mark.parametrize("zone", ["Europe/Madrid", "Australia/Lord_Howe"])
@pytest.mark.usefixtures("small")
def test_the_days_on_which_clocks_change_lose_nothing(
    extract: Callable[..., Output],
    klaviyo: KlaviyoHandle,
    zone: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor double an hour: all is UTC, whatever the zone of this machine."""
    monkeypatch.setenv("TZ", zone)
    changes = [
        datetime(2025, 10, 26, tzinfo=ZoneInfo(zone)),
        datetime(2026, 3, 29, tzinfo=ZoneInfo(zone)),
        datetime(2025, 11, 2, tzinfo=ZoneInfo(zone)),
        datetime(2026, 4, 5, tzinfo=ZoneInfo(zone)),
    ]
    moments = [each.astimezone(UTC) + i * 20 * MINUTE for each in changes for i in range(75)]
    happen(klaviyo, moments)
    output = extract(None, "engagement", "fan_campaigns")
    assert given(output) == ids(klaviyo)
    told = sorted(each["at"] for each in output.records["engagement"])
    assert told == sorted(each.isoformat() for each in moments)


def test_a_start_date_leaves_out_what_was_before(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, now: datetime
) -> None:
    """On the first run and on those after it."""
    happen(klaviyo, [now - 30 * DAY, now - 3 * DAY])
    start = (now - 10 * DAY).isoformat()
    first = extract(None, "engagement", start_date=start)
    second = extract(first.state, "engagement", start_date=start, lookback_days=60)
    assert len(first.records["engagement"]) == 1
    assert not second.records["engagement"]


def test_a_start_date_that_is_still_to_come_reads_nothing_yet(
    extract: Callable[..., Output],
    klaviyo: KlaviyoHandle,
    sandbox: Sandbox,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Klaviyo refuses such filters; when the date has come, what followed it is read."""
    changing = ("list_members", "consent_changes", "engagement", "fan_campaigns", "fan_flows")
    start = (now + 3 * DAY).isoformat()
    happen(klaviyo, [now - HOUR])
    klaviyo.clear_requests()
    early = extract(None, *changing, start_date=start)
    assert not any(early.records.values())
    assert {each["operation"] for each in klaviyo.requests()} == {"GET /api/accounts"}
    assert sum("still to come" in each for each in caplog.messages) == len(changing)
    later(sandbox, days=4)
    happen(klaviyo, [sandbox.clock.now() - HOUR])
    due = extract(early.state, "engagement", start_date=start)
    assert len(due.records["engagement"]) == 1


def test_campaigns_received_come_from_the_same_requests(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, now: datetime
) -> None:
    """Asked once; mails of flows are none."""
    happen(klaviyo, [now - HOUR] * 3, properties={"$message": "M1", "Campaign Name": "Cartel 2027"})
    happen(klaviyo, [now - HOUR], properties={"$message": "M2", "$flow": "F1"})
    klaviyo.clear_requests()
    output = extract(None, "engagement", "fan_campaigns")
    assert len(klaviyo.requests("GET /api/events")) == 1
    assert len(output.records["engagement"]) == 4
    rows = output.records["fan_campaigns"]
    assert {(r["message_id"], r["campaign_name"], r["channel"]) for r in rows} == {
        ("M1", "Cartel 2027", "email")
    }
    assert {r["email"] for r in rows} == {f"fan{i}@nevent-demo.es" for i in range(3)}
    assert not extract(output.state, "fan_campaigns").records["fan_campaigns"]


def test_campaigns_received_selected_later_have_their_history(
    extract: Callable[..., Output], klaviyo: KlaviyoHandle, now: datetime
) -> None:
    """Whatever engagement has read by then; late ones included."""
    happen(klaviyo, [now - 30 * DAY, now - HOUR], properties={"$message": "M1"})
    first = extract(None, "engagement")
    second = extract(first.state, "engagement", "fan_campaigns")
    assert not second.records["engagement"]
    assert len(second.records["fan_campaigns"]) == 2
    third = extract(None, "fan_campaigns")
    assert given(third, stream="fan_campaigns") == ids(klaviyo)
