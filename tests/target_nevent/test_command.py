"""What a person sees who runs the command: messages, rejects, plans, and nobody's address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from nevent_people import (
    ANA,
    ENGAGEMENT,
    EVA,
    FANS,
    PREFERENCES,
    SUBSCRIBERS,
    fan,
    no,
    opened,
    wants,
    written,
    yes,
)
from nevent_sandbox import NEVENT_TOKEN
from singer_messages import Message, Run, record, state
from target_nevent.target import TargetNevent

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from nevent_sandbox.nevent_handle import NeventHandle

    Command = Callable[..., subprocess.CompletedProcess[str]]

SUBSCRIBE = "POST /public/newsletter/{id}/subscribe"
BAD: list[tuple[Message, str, str | None]] = [
    (no(email=EVA, channel="fax"), "channel is neither email nor sms", "channel"),
    (no(email=EVA, changed_at="soon"), "changed_at is no time", "changed_at"),
    (no(phone_number="12"), "nobody is named", None),
    (no(email="ana@"), "email is not an address", "email"),
    (yes("ana@"), "email is not an address", "email"),
    (yes(""), "email is missing", "email"),
    (yes(EVA, consented_at=None), "consented_at is missing", "consented_at"),
    (yes(EVA, consented_at="May"), "consented_at is no time", "consented_at"),
    (record("subscribers", first_name="Eva"), "schema: the key is missing", "email"),
    (opened("", email=EVA), "id is missing", "id"),
    (opened(email=EVA, type="smiled"), "type is none of Nevent's", "type"),
    (opened(email=EVA, channel="fax"), "channel is none of", "channel"),
    (opened(email=EVA, at=None), "at is missing", "at"),
    (opened(email=EVA, at="May"), "at is no time", "at"),
    (opened(email=EVA, type="flow_status"), "a FLOW_STATUS needs flow_id", None),
    (record("fans", email="ana@", city="Elx"), "email is not an address", "email"),
]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"auth_token": "wrong"}, "Nevent does not accept the token"),
        ({"tenant_id": "other"}, "but tenant_id is other"),
        ({"api_url": "http://nevent.nevent-demo.es"}, "the token goes over https only"),
        ({"phone_region": "Spain"}, "phone_region 'Spain' is no country's"),
        ({"import_since": "soon"}, "import_since is no time"),
        ({"operations": {"subscribed": {}}}, "Unknown operation 'subscribed'"),
    ],
)
def test_a_wrong_setting_ends_the_run_with_one_line_and_no_state(
    refused: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
    wrong: dict[str, Any],
    message: str,
) -> None:
    """What happened, who must act and what to do; exit code 1."""
    assert message in refused([PREFERENCES, no(email=ANA), state("late")], **wrong)
    assert capsys.readouterr().out == ""


def test_each_bad_record_is_rejected_for_its_reason_with_advice(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """Not one of them stops another."""
    fan(nevent)
    schemas = [PREFERENCES, SUBSCRIBERS, ENGAGEMENT, FANS]
    rows = [row for row, _, _ in BAD]
    run = load(
        [*schemas, *rows, no(email=ANA), state("late")], max_rejects=100, import_since="2026-01-01"
    )
    assert run.states == ["late"]
    assert wants(nevent)["emailEnabled"] is False
    left = [(each["stream"], each["reason"], each["column"]) for each in run.rejects]
    for row, reason, column in BAD:
        mine = [each for each in left if each[0] == row["stream"] and each[1].startswith(reason)]
        assert column in {each[2] for each in mine}, row
        left.remove(next(each for each in mine if each[2] == column))
    assert left == []
    for _, reason, _ in BAD:
        own = reason.startswith("schema:") or any(map(reason.startswith, TargetNevent.advice))
        assert own, reason


def test_a_replayed_reject_goes_once_what_stood_in_its_way_is_gone(
    nevent: NeventHandle, load: Callable[..., Run], command: Callable[..., Any]
) -> None:
    """Payloads of every kind, by the command."""
    fan_id = fan(nevent)
    fan(nevent, EVA)
    nevent.refuse("POST /interactions", status=422)
    nevent.refuse("PUT /users/{id}/communication-preferences", status=422, times=2)
    schemas = [PREFERENCES, SUBSCRIBERS, ENGAGEMENT]
    rows = [opened(external_id=fan_id), no(email=EVA), yes("new@nevent-demo.es")]
    nevent.refuse(SUBSCRIBE, status=422)
    more = {"newsletter_id": nevent.newsletters()[0]["id"], "import_since": "2026-01-01"}
    assert len(load([*schemas, *rows], **more).rejects) == 3
    done = command("retry-rejects", **more)
    assert (done.code, len(done.out.splitlines())) == (0, 3), done.out
    assert nevent.user("new@nevent-demo.es")
    assert wants(nevent, EVA)["emailEnabled"] is False
    assert len(nevent.interactions()) == 1
    assert command("rejects").out.startswith("No rejects in ")


def test_a_payload_changed_by_hand_into_something_else_is_rejected_again(
    nevent: NeventHandle, load: Callable[..., Run], command: Callable[..., Any], settings: Message
) -> None:
    """And stays in the file."""
    fan(nevent)
    nevent.refuse("PUT /users/{id}/communication-preferences", status=422, times=2)
    (reject,) = load([PREFERENCES, no(email=ANA)]).rejects
    with open(settings["rejects_path"], "w") as file:  # noqa: PTH123  # by hand
        file.write(json.dumps({**reject, "payload": ["x"]}) + "\n")
    assert command("retry-rejects").code == 1
    assert "the payload in the rejects file" in command("rejects", "--json").out


def test_a_replay_does_not_bring_an_erased_person_back(
    nevent: NeventHandle, load: Callable[..., Run], command: Callable[..., Any]
) -> None:
    """Whom the feed tells of is taken out of the rejects as well."""
    fan_id = fan(nevent, emailEnabled=None, emailChangedAt=None)
    nevent.refuse(SUBSCRIBE, status=422)
    more = {"newsletter_id": nevent.newsletters()[0]["id"], "import_since": "2026-01-01"}
    assert len(load([SUBSCRIBERS, yes()], **more).rejects) == 1
    nevent.erase(fan_id)
    command("retry-rejects", **more)
    assert command("rejects").out.startswith("No rejects in ")
    assert (written(nevent), nevent.user(ANA)) == ([SUBSCRIBE], None)


def test_too_many_rejects_end_the_run_badly_after_its_state(
    nevent: NeventHandle, refused: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything else was loaded."""
    fan(nevent)
    told = refused([PREFERENCES, no(email="ana@"), no(email=ANA), state("late")], max_rejects=0)
    assert "Too many rejects in preferences" in told
    assert capsys.readouterr().out == '"late"\n'
    assert wants(nevent)["emailEnabled"] is False


def test_no_line_holds_the_token_or_a_person(
    nevent: NeventHandle, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on success, not on refusals by Nevent, not on rejects, not when debugging."""
    monkeypatch.setenv("TARGET_NEVENT_LOGLEVEL", "DEBUG")
    fan_id = fan(nevent)
    nevent.edit(user=fan_id, set={"phone": "600112233"})
    nevent.refuse("PUT /users/{id}/communication-preferences", status=503)
    nevent.refuse("POST /public/newsletter/{id}/subscribe", status=422)
    rows = [
        no(email=ANA),
        no(email="secret.name@", phone_number=["600112233"]),
        yes("secret.name@nevent-demo.es", phone_number="600445566"),
        opened(email=EVA),
        opened("e2", external_id=fan_id, url="https://nevent-demo.es/?who=secret.name"),
    ]
    more = {"newsletter_id": nevent.newsletters()[0]["id"], "import_since": "2026-01-01"}
    done = run([PREFERENCES, SUBSCRIBERS, ENGAGEMENT, *rows, state(1)], **more)
    assert done.stdout == "1\n"
    for secret in (NEVENT_TOKEN, "ana@", "eva@", "secret.name", "600112233", "600445566"):
        assert secret not in done.stderr


def test_history_tells_of_the_runs(
    nevent: NeventHandle, load: Callable[..., Run], command: Callable[..., Any]
) -> None:
    """With what each did."""
    fan(nevent)
    load([PREFERENCES, no(email=ANA), no(email=EVA)])
    (told,) = json.loads(command("history", "--json").out)
    assert told["outcome"] == "done"
    counts = told["streams"]["preferences"]
    assert [counts[each] for each in ("read", "written", "unknown")] == [2, 1, 1]


def test_a_dry_run_tells_how_long_sign_ups_take_and_leaves_no_trace(
    nevent: NeventHandle,
    load: Callable[..., Run],
    settings: Message,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No state, no file, no writing request."""
    from pathlib import Path  # noqa: PLC0415  # for this one alone

    fan(nevent)
    caplog.set_level("INFO")
    more = {"newsletter_id": nevent.newsletters()[0]["id"], "import_since": "2026-01-01"}
    rows = [
        no(email=ANA),
        no(email=ANA, channel="fax"),
        yes("new@nevent-demo.es"),
        opened(email=ANA),
    ]
    plan = load([PREFERENCES, SUBSCRIBERS, ENGAGEMENT, *rows, state(1)], dry_run=True, **more)
    assert (plan.states, written(nevent)) == ([], [])
    assert "1 sign-ups take about 1 minutes at 90 an hour" in caplog.text
    assert not Path(settings["store_path"]).exists()
    assert not Path(settings["rejects_path"]).exists()


def test_about_describes_every_setting() -> None:
    """They become the public documentation."""
    for name, setting in TargetNevent.config_jsonschema["properties"].items():
        assert setting.get("description"), name
    for name in ("auth_token", "refresh_token"):
        assert TargetNevent.config_jsonschema["properties"][name]["secret"] is True


def test_a_dry_run_takes_no_line_out_of_the_rejects(
    nevent: NeventHandle, load: Callable[..., Run]
) -> None:
    """A real run does, once the record it is about is dealt with."""
    more = {"newsletter_id": nevent.newsletters()[0]["id"], "import_since": "2026-01-01"}
    nevent.refuse(SUBSCRIBE, status=422)
    assert len(load([SUBSCRIBERS, yes()], **more).rejects) == 1
    fan(nevent)
    assert len(load([SUBSCRIBERS, yes()], dry_run=True, **more).rejects) == 1
    assert load([SUBSCRIBERS, yes()], **more).rejects == []
