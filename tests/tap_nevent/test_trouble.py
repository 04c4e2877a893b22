"""What the tap does when things go wrong."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from nevent_client.errors import AddressError, DeniedError
from nevent_extraction import run
from nevent_sandbox import Sandbox
from nevent_sandbox.credentials import NEVENT_TOKEN
from singer_sdk.exceptions import ConfigValidationError
from tap_nevent.memberships import joined_or_left, packed, unpacked
from tap_nevent.tap import TapNevent

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_extraction import Output
    from nevent_sandbox.nevent_handle import NeventHandle

PUBLISHED = {"consent_basis": "assume_granted", "consent_note": "Contract 12, 1 May 2026"}


@pytest.fixture
def against(extract: Callable[..., Output]) -> Callable[..., Output]:
    """Runs the tap against another sandbox."""

    def extracting(sandbox: Sandbox, state: Any = None, *streams: str, **more: Any) -> Output:
        url = sandbox.nevent.url
        return extract(state, *streams, api_url=url, data_api_url=url, **more)

    return extracting


def test_an_empty_tenant_is_no_error(against: Callable[..., Output]) -> None:
    """No fan, no record about one."""
    with Sandbox(fans=0) as sandbox:
        output = against(sandbox)
        assert not output.records["fans"]
        assert not against(sandbox, output.state).records["fan_activity"]


def test_the_published_contract_alone_stops_for_lack_of_consent(
    against: Callable[..., Output],
) -> None:
    """With the setting that helps; never an empty success."""
    with (
        Sandbox(fans=30, nevent_contract="published") as sandbox,
        pytest.raises(ConfigValidationError, match="consent_field"),
    ):
        against(sandbox, None, "fans")


def test_the_published_contract_serves_fans_once_consent_is_settled(
    against: Callable[..., Output], caplog: pytest.LogCaptureFixture
) -> None:
    """The rest is left out, each with a warning."""
    with Sandbox(fans=30, nevent_contract="published") as sandbox:
        output = against(sandbox, **PUBLISHED)
        assert len(output.records["fans"]) == 30
        told = {each.name for each in caplog.records if each.levelno == logging.WARNING}
        for stream in ("tickets", "purchases", "attendance", "fan_activity", "nevent_events"):
            assert f"tap-nevent.{stream}" in told
            assert not output.records[stream]
        assert not against(sandbox, output.state, "fans", **PUBLISHED).records["fans"]


def test_the_published_contract_serves_more_fans_than_one_page(
    against: Callable[..., Output],
) -> None:
    """Though it filters them by no time."""
    with Sandbox(fans=300, nevent_contract="published", limits="off") as sandbox:
        assert len(against(sandbox, None, "fans", **PUBLISHED).records["fans"]) == 300


def test_fan_by_fan_reads_orders_of_the_published_contract(
    against: Callable[..., Output],
) -> None:
    """When the user wants that."""
    with Sandbox(fans=30, nevent_contract="published") as sandbox:
        output = against(sandbox, None, per_fan_fallback=True, **PUBLISHED)
        for stream in ("tickets", "purchases", "attendance"):
            assert output.records[stream]


def test_fan_by_fan_repeats_nothing_within_the_look_back(against: Callable[..., Output]) -> None:
    """Of a second run right after the first."""
    streams = ("tickets", "purchases", "attendance")
    with Sandbox(fans=30, nevent_contract="published") as sandbox:
        state = against(sandbox, None, *streams, per_fan_fallback=True, **PUBLISHED).state
        fan = sandbox.nevent.users()[0]["id"]
        sandbox.nevent.edit(user=fan, set={"city": "Soria"})
        second = against(sandbox, state, *streams, per_fan_fallback=True, **PUBLISHED)
        third = against(sandbox, second.state, *streams, per_fan_fallback=True, **PUBLISHED)
        assert not any(third.records.values())


def test_fan_by_fan_an_attendance_bears_its_concerts_date(against: Callable[..., Output]) -> None:
    """Nevent tells no other time there."""
    with Sandbox(fans=30, nevent_contract="published") as sandbox:
        rows = against(sandbox, None, "attendance", per_fan_fallback=True, **PUBLISHED)
        for each in rows.records["attendance"]:
            assert each["checked_in_at"][:10] == each["event_date"]


READ = ("fans", "fan_activity", "tickets", "attendance")


@pytest.fixture(scope="module")
def calm(served: Sandbox) -> Output:
    """What is read when nothing stands in the way."""
    served.reset()
    return run(served.nevent.url, streams=READ)


@pytest.mark.parametrize(
    "operation", ["GET /users", "GET /purchases", "POST /analytics/query", "GET /attendance"]
)
@pytest.mark.parametrize("trouble", ["429", "503", "cut"])
def test_trouble_in_the_middle_changes_nothing(
    calm: Output,
    extract: Callable[..., Output],
    nevent: NeventHandle,
    operation: str,
    trouble: str,
) -> None:
    """The same records as without."""
    if trouble == "cut":
        nevent.drop(operation)
    else:
        nevent.refuse(operation, status=int(trouble), times=1)
    rough = extract(None, *READ)
    for stream, records in calm.records.items():
        assert [_timeless(each) for each in rough.records[stream]] == [
            _timeless(each) for each in records
        ]


def test_a_token_that_expires_on_the_way_is_renewed(
    extract: Callable[..., Output], nevent: NeventHandle
) -> None:
    """Once, whatever the number of requests in flight."""
    nevent.expire_token()
    assert extract(None, "fans").records["fans"]
    assert len(nevent.requests("POST /auth/refresh")) == 1


def test_a_wrong_token_says_where_to_get_one(extract: Callable[..., Output]) -> None:
    """The person at the command line must act."""
    with pytest.raises(DeniedError, match="API Tokens"):
        extract(None, auth_token="nonsense", refresh_token=None)


def test_a_wrong_tenant_is_named(extract: Callable[..., Output]) -> None:
    """Before any record."""
    with pytest.raises(DeniedError, match="tenant_id"):
        extract(None, tenant_id="another")


def test_a_wrong_address_is_named(extract: Callable[..., Output], served: Sandbox) -> None:
    """Something else answers there."""
    with pytest.raises((AddressError, DeniedError), match=r"api_url|auth_token"):
        extract(None, api_url=served.klaviyo.url)


def test_an_unknown_segment_is_named_with_those_that_exist(
    extract: Callable[..., Output],
) -> None:
    """A typo is no empty segment."""
    with pytest.raises(ConfigValidationError, match="Techno Fans"):
        extract(None, segments=["Tecno Fans"])


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"start_date": "last spring"}, "start_date"),
        ({"exchange_rates": {"GBP": "much"}}, "exchange_rates"),
        ({"timezone": "Europe/Atlantis"}, "timezone"),
        ({"operations": {"purchases": {"path": "/orders/{whose}"}}}, "operations"),
        ({"operations": {"purchases": "/orders"}}, "operations"),
        ({"vip_rule": {"custom_field": "nobody"}}, "vip_rule"),
        ({"segments": ["Tecno Fans"]}, "segments"),
    ],
)
def test_a_wrong_setting_is_named_before_any_record(
    extract: Callable[..., Output],
    capsys: pytest.CaptureFixture[str],
    wrong: dict[str, Any],
    named: str,
) -> None:
    """Not in the middle of a run."""
    with pytest.raises(ConfigValidationError, match=named):
        extract(None, **wrong)
    assert "RECORD" not in capsys.readouterr().out


def test_a_wrong_address_of_the_data_service_is_named(
    extract: Callable[..., Output], served: Sandbox
) -> None:
    """Before fan_activity would come out empty."""
    with pytest.raises(AddressError, match="data_api_url"):
        extract(None, "fan_activity", data_api_url=served.klaviyo.url)


@pytest.mark.parametrize(
    "wrong",
    [
        {"TAP_NEVENT_SEGMENTS": '["Tecno Fans"]'},
        {"TAP_NEVENT_CONSENT_BASIS": "assume_granted"},
        {"TAP_NEVENT_STREAM_MAPS": '{"fans": {"shout": "nickname"}}'},
    ],
)
def test_a_wrong_setting_has_no_stack(nevent: NeventHandle, wrong: dict[str, str]) -> None:
    """The message alone."""
    settings = {
        "TAP_NEVENT_API_URL": nevent.url,
        "TAP_NEVENT_DATA_API_URL": nevent.url,
        "TAP_NEVENT_AUTH_TOKEN": NEVENT_TOKEN,
        **wrong,
    }
    result = CliRunner().invoke(TapNevent.cli, ["--config=ENV"], env=settings)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)


def test_the_command_line_says_it_in_one_line(nevent: NeventHandle) -> None:
    """Without a stack."""
    settings = {
        "TAP_NEVENT_API_URL": nevent.url,
        "TAP_NEVENT_DATA_API_URL": nevent.url,
        "TAP_NEVENT_AUTH_TOKEN": "nonsense",
    }
    result = CliRunner().invoke(TapNevent.cli, ["--config=ENV"], env=settings)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("stream", "operation", "part"),
    [
        ("tickets", "purchases", {"path": "/nowhere"}),
        ("attendance", "attendance", {"path": "/nowhere"}),
        ("fan_activity", "analytics", {"path": "/nowhere"}),
    ],
)
def test_a_stream_read_before_does_not_vanish(
    extract: Callable[..., Output], stream: str, operation: str, part: dict[str, str]
) -> None:
    """Nothing new and nothing there are not the same."""
    first = extract(None, stream)
    with pytest.raises(AddressError, match=stream):
        extract(first.state, stream, operations={operation: part})


def test_a_late_consent_outlives_analytics_without_tickets(
    extract: Callable[..., Output], nevent: NeventHandle, caplog: pytest.LogCaptureFixture
) -> None:
    """What the fan bought is told, and that the rest is not."""
    silent = {u["id"] for u in nevent.users() if not (u["thirdPartySharing"] or {}).get("granted")}
    fan = next(
        each["userId"]
        for each in nevent.purchases()
        if each["userId"] in silent
        and each["status"] in {"SUCCEEDED", "COMPLETE"}
        and not any(ticket["holder"] for ticket in each["tickets"])
    )
    first = extract(None, "tickets")
    nevent.advance(days=2, changes=0)
    nevent.edit(user=fan, consent="grant")
    nevent.refuse("POST /analytics/query", status=400, times=9)
    assert extract(first.state, "tickets").of("tickets", fan)
    assert "only tickets that they bought" in caplog.text


def test_artists_on_several_pages_hold_nobody_up(extract: Callable[..., Output]) -> None:
    """With a single request in flight, whoever waits for another waits for ever."""
    pages = {"performers": {"params": {"size": "unheard_of"}}}
    assert extract(None, "fan_activity", concurrency=1, operations=pages).records["fan_activity"]


def test_leaving_a_segment_removes_its_name(extract: Callable[..., Output]) -> None:
    """Though no fan's updatedAt tells of it; and joining adds it."""
    first = extract(None, "fans")
    tag = "techno"
    fan = next(each for each in first.records["fans"] if not each["nevent_segments"])
    named = first.state["bookmarks"]["fans"]["segments"]
    names = unpacked(named)
    names[fan["id"]] = (tag,)
    first.state["bookmarks"]["fans"]["segments"] = packed(names)
    records = extract(first.state, "fans").records["fans"]
    assert [(each["id"], each["nevent_segments"]) for each in records] == [(fan["id"], [])]
    assert not extract(extract(first.state, "fans").state, "fans").records["fans"]


def test_memberships_survive_the_state() -> None:
    """Names, combinations, accents."""
    names = {"a": ("Ñandú: 1", "VIP"), "b": ("VIP",)}
    kept = packed(names)
    assert kept is not None
    assert unpacked(kept) == names
    assert joined_or_left(unpacked(kept), {"a": ("VIP",), "c": ("VIP",)}) == {"a", "b", "c"}


def test_too_many_memberships_are_not_kept(caplog: pytest.LogCaptureFixture) -> None:
    """With a warning that says what follows."""
    names = {str(number): ("VIP",) for number in range(250_001)}
    assert packed(names) is None
    assert "250,000" in caplog.text


def _timeless(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "activity_at"}
