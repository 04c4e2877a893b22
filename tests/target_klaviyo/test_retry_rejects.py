"""Rejects sent to Klaviyo once more, by the command as a user gives it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import forking
import pytest
from singer_messages import Message, record, schema
from singer_outcomes.rejects import read_rejects

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Run = Callable[..., forking.Done]

FANS = {
    **schema("fans", "id", "email", keys=("id",)),
    "schema": {
        "type": "object",
        "properties": {"id": {"type": "string"}, "email": {}, "city": {"type": "string"}},
    },
}
MAPS = {"fans": {"__alias__": "profiles", "external_id": "id", "hometown": "city"}}
MENDED = {"fans": {**MAPS["fans"], "city": "str(city)", "hometown": "str(city)"}}
ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"


@pytest.fixture
def retry(tmp_path: Path, settings: Message) -> Run:
    """`retry-rejects`, with the settings that Meltano would give by the environment."""

    def _retry(*words: str, **more: Any) -> forking.Done:
        variables = {
            f"TARGET_KLAVIYO_{name.upper()}": each if isinstance(each, str) else json.dumps(each)
            for name, each in {**settings, **more}.items()
        }
        words = ("target-klaviyo", "retry-rejects", *words)
        return forking.run(*words, folder=tmp_path, env=variables)

    return _retry


def _left(settings: Message) -> list[str]:
    return [each["key"] for each in read_rejects(settings["rejects_path"])]


def test_records_and_payloads_are_loaded_once_what_stood_in_the_way_is_gone(
    run: Run, retry: Run, settings: Message, klaviyo: KlaviyoHandle
) -> None:
    """One broke its schema, the other was refused by Klaviyo; both arrive as their map says."""
    klaviyo.fail_rows(emails=[EVA])
    fans = [
        record("fans", id="1", email=ANA, city=7),
        record("fans", id="2", email=EVA, city="Elx"),
    ]
    run([FANS, *fans], stream_maps=MAPS)
    assert sorted(_left(settings)) == ["1", "2"]
    klaviyo.clear_faults()
    done = retry(stream_maps=MENDED)
    assert (done.returncode, _left(settings)) == (0, []), done.stderr
    assert done.stdout == "profiles: 2 no longer rejected (2 written)\n"
    for email, city in ((ANA, "7"), (EVA, "Elx")):
        profile = klaviyo.profile(email)
        assert profile is not None
        assert profile["attributes"]["properties"]["hometown"] == city


def test_a_payload_that_klaviyo_refuses_again_stays_once(
    run: Run, retry: Run, settings: Message, klaviyo: KlaviyoHandle
) -> None:
    """The exit code says so, and the others are loaded."""
    klaviyo.fail_rows(emails=[ANA, EVA])
    fans = [record("fans", id=str(n), email=each) for n, each in enumerate((ANA, EVA))]
    run([FANS, *fans], stream_maps={"fans": {"__alias__": "profiles"}})
    klaviyo.clear_faults()
    klaviyo.fail_rows(emails=[EVA])
    assert retry().returncode == 1
    assert _left(settings) == ["1"]
    assert klaviyo.profile(ANA)
    assert klaviyo.profile(EVA) is None


def test_a_replay_does_not_bring_an_erased_person_back(
    run: Run, retry: Run, settings: Message, klaviyo: KlaviyoHandle
) -> None:
    """Not even from a rejects file that was put back from a copy."""
    klaviyo.fail_rows(emails=[ANA])
    fan = record("fans", id="1", email=ANA, city=7)
    messages = [FANS, fan, {**fan, "record": {**fan["record"], "city": "Elx"}}]
    run(messages, stream_maps=MAPS)
    rejects = Path(settings["rejects_path"])
    copy = rejects.read_bytes()
    assert len(copy.splitlines()) == 2
    klaviyo.clear_faults()
    run([schema("deletions", "email"), record("deletions", email=ANA)])
    assert rejects.read_bytes() == b""
    rejects.write_bytes(copy)
    done = retry(stream_maps=MENDED)
    assert (done.returncode, _left(settings)) == (0, []), done.stdout
    assert "2 withheld" in done.stdout
    assert klaviyo.profile(ANA) is None
