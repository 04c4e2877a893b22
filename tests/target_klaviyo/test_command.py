"""What a person sees who runs the command with something wrong: each with its message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import record, schema, singer, state
from target_klaviyo.target import TargetKlaviyo

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    RunCommand = Callable[..., subprocess.CompletedProcess[str]]

PROFILES = schema("profiles", "email", "phone_number", "bio")
ANA = record("profiles", email="ana@nevent-demo.es")


def _errors(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Lines logged as errors; a traceback would be more than one."""
    return [
        line.split("|", 3)[-1].strip() for line in done.stderr.splitlines() if "| ERROR" in line
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"api_key": "pk_wrong"}, "The API key is not accepted"),
        ({"api_key": "pk_sandbox_revoked"}, "The API key is not accepted"),
        ({"api_key": "pk_sandbox_readonly"}, "The key needs: lists:write, profiles:write"),
        ({"list_id": "Nope42"}, "list_id 'Nope42' is none of the account's"),
        ({"api_url": "http://127.0.0.1:9"}, "no answer from 127.0.0.1:9"),
        ({"api_url": "http://klaviyo.nevent-demo.es"}, "the key would travel in clear"),
        ({"phone_region": "Spain"}, "phone_region 'Spain' is no country's"),
        ({"phone_region": 34}, "34 is not of type 'string' in config['phone_region']"),
        ({"stream_maps": {"profiles": {"x": "origen"}}}, "names 'origen', which the stream"),
    ],
)
def test_a_wrong_setting_ends_the_run_with_one_line_and_no_state(
    run: RunCommand, wrong: dict[str, Any], message: str
) -> None:
    """What happened, who must act and what to do; exit code 1; nothing said that is not so."""
    done = run([PROFILES, ANA, state("late")], **wrong)
    assert done.returncode == 1
    assert done.stdout == ""
    assert message in _errors(done)[0]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (b'{"type":"RECORD"\n', "Line 1 is not valid JSON"),
        (json.dumps(ANA).encode(), "Line 1 is a record of 'profiles', whose SCHEMA has not come"),
        (json.dumps(schema("people", "email")).encode(), "'people' is no kind of stream"),
        (b'{"type":"SCHEMA","stream":"profiles"}', "Line 1 has no 'schema'"),
        (b'{"type":"SCHEMA","stream":"profiles","schema":null}', "its schema is not a JSON object"),
        (b'{"type":["x"]}', "Line 1 has the unknown type"),
        (b'{"a":' + b"[" * 100_000, "Line 1 is not valid JSON"),
        (
            json.dumps(PROFILES).encode()
            + b'\n{"type":"RECORD","stream":"profiles","record":null}',
            "Line 2: its record is not a JSON object",
        ),
        (b'{"type":"BATCH","stream":"profiles"}', "Line 1 is a BATCH message"),
    ],
)
def test_a_broken_input_stops_the_run_with_the_line(
    run: RunCommand, lines: bytes, message: str
) -> None:
    """Guessing would lose data."""
    done = run(lines)
    assert done.returncode == 1
    assert message in _errors(done)[0]


def test_what_came_before_a_broken_line_is_loaded(run: RunCommand, klaviyo: KlaviyoHandle) -> None:
    """And its state told; the exit code says that the rest is missing."""
    done = run(singer([PROFILES, ANA, state({"n": 1})]) + b"garbage\n")
    assert (done.returncode, json.loads(done.stdout)) == (1, {"n": 1})
    assert klaviyo.profile("ana@nevent-demo.es")


@pytest.mark.parametrize("key", ["pk_secret\nX-Other: 1", "pk_sécret", ["pk_secret"]])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(run: RunCommand, key: Any) -> None:
    """It may be nearly right."""
    done = run([PROFILES, ANA], api_key=key)
    assert done.returncode == 1
    assert "cret" not in done.stderr


def test_a_key_read_from_a_file_may_end_in_a_newline(
    run: RunCommand, klaviyo: KlaviyoHandle
) -> None:
    """As most files do."""
    assert run([PROFILES, ANA], api_key="pk_sandbox_full\n").returncode == 0
    assert klaviyo.profile("ana@nevent-demo.es")


def test_two_sources_on_one_bare_name_are_refused(run: RunCommand) -> None:
    """With the line to write instead."""
    maps = {"fans": {"__alias__": "profiles"}, "people": {"__alias__": "profiles"}}
    done = run([schema("fans", "email"), schema("people", "email")], stream_maps=maps)
    assert done.returncode == 1
    assert "'people: {__alias__: profiles__people}'" in _errors(done)[0]


def test_bad_records_are_rejected_and_the_good_one_arrives(
    run: RunCommand, klaviyo: KlaviyoHandle
) -> None:
    """A malformed address, an oversized profile; a bad phone only costs the phone."""
    done = run(
        [
            PROFILES,
            record("profiles", email="not an address"),
            record("profiles", email="big@nevent-demo.es", bio="x" * 100_000),
            record("profiles", email="phone@nevent-demo.es", phone_number="12"),
            ANA,
            state({"n": 1}),
        ]
    )
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"n": 1}
    assert {each["attributes"]["email"] for each in klaviyo.profiles()} == {
        "phone@nevent-demo.es",
        "ana@nevent-demo.es",
    }
    (line,) = [line for line in done.stderr.splitlines() if "Summary: " in line]
    summary = json.loads(line.partition("Summary: ")[2])
    assert summary["streams"]["profiles"]["rejected"] == 2
    assert summary["notes"] == {"phone number left out: not valid": 1}
    assert "not an address" not in done.stderr.replace("email is not an address", "")


def test_no_log_line_holds_the_key_or_a_person(run: RunCommand, klaviyo: KlaviyoHandle) -> None:
    """Not on success, not on refusals by Klaviyo, not on rejects."""
    klaviyo.refuse("POST /profile-bulk-import-jobs", status=503)
    bad = record("profiles", email="secret.name@nevent-demo.es", phone_number=["600112233"])
    done = run([PROFILES, ANA, bad, record("profiles", email="secret.name@"), state(1)])
    for secret in ("pk_sandbox_full", "ana@", "secret.name", "600112233"):
        assert secret not in done.stderr


def test_a_fraction_is_a_number_in_a_configuration_file(
    run: RunCommand, klaviyo: KlaviyoHandle
) -> None:
    """The SDK reads it as a Decimal, which no clock takes."""
    event = {"email": "ana@nevent-demo.es", "metric": "A", "time": "2026-01-01T00:00:00Z"}
    messages = [schema("events", *event, keys=("email",)), record("events", **event)]
    done = run(messages, history_after_hours=1.5, job_timeout_minutes=0.5, grace_seconds=0.5)
    assert (done.returncode, len(klaviyo.events())) == (0, 1)


def test_no_input_at_all_is_a_run_with_nothing_in_it(run: RunCommand) -> None:
    """0 records: exit code 0, no request, no rejects file."""
    done = run(b"")
    assert (done.returncode, done.stdout) == (0, "")
    assert '"requests":0' in done.stderr


def test_about_describes_every_setting() -> None:
    """They become the public documentation."""
    for name, setting in TargetKlaviyo.config_jsonschema["properties"].items():
        assert setting.get("description"), name
    assert TargetKlaviyo.config_jsonschema["properties"]["api_key"]["secret"] is True
