"""`nevent-klaviyo verify`: what works, what is missing, and what that costs."""

from __future__ import annotations

import re
import socket
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from klaviyo_client.scopes import READS, WRITES
from nevent_klaviyo.verify.klaviyo import SCOPES
from nevent_sandbox.credentials import KLAVIYO_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from command_line import Told
    from nevent_sandbox import Sandbox
    from nevent_sandbox.handles import KlaviyoHandle
    from nevent_sandbox.nevent_handle import NeventHandle

KEY = "NEVENT_KLAVIYO_KLAVIYO_API_KEY"
KLAVIYO = "NEVENT_KLAVIYO_KLAVIYO_API_URL"
NEVENT = "NEVENT_KLAVIYO_NEVENT_API_URL"


def _states(told: Told, side: str = "klaviyo") -> dict[str, str]:
    return {each["check"]: each["state"] for each in told.json[side]}


def _why(told: Told, check: str, side: str = "klaviyo") -> str | None:
    (found,) = [each["why"] for each in told.json[side] if each["check"] == check]
    return str(found)


def test_a_key_that_may_do_everything_passes(run: Callable[..., Told]) -> None:
    """Each scope is listed with what it is needed for."""
    told = run("verify", "--json", **{KEY: "pk_sandbox_full"})
    assert told.code == 0
    assert set(_states(told).values()) == set(_states(told, "nevent").values()) == {"ok"}
    assert {*READS, *WRITES} <= set(_states(told))
    assert all(each["serves"] for each in told.json["klaviyo"] if ":" in each["check"])


@pytest.mark.parametrize("area", sorted({each.partition(":")[0] for each in SCOPES}))
def test_each_missing_scope_is_found_and_told_what_it_costs(
    run: Callable[..., Told], area: str
) -> None:
    """And that a key cannot be edited."""
    key = f"pk_sandbox_no_{area}"
    told = run("verify", "--json", **{KEY: key})
    assert told.code == 4
    missing = {each for each, state in _states(told).items() if state == "missing"}
    assert missing - {"scopes"} == set(SCOPES) - KLAVIYO_KEYS[key].scopes
    (advice,) = [each["advice"] for each in told.json["klaviyo"] if each["check"] == "scopes"]
    assert all(each in advice for each in missing - {"scopes"})


@pytest.mark.parametrize(
    ("key", "check", "why"),
    [
        ("pk_sandbox_revoked", "account", "key_refused"),
        ("pk_sandbox_suspended", "account", "suspended"),
        ("hola", "key_shape", "not_a_key"),
        ("AbC123", "key_shape", "public_key"),
    ],
)
def test_a_key_that_opens_nothing_is_told_apart(
    run: Callable[..., Told], key: str, check: str, why: str
) -> None:
    """Revoked, of a suspended account, not a key at all, the public one."""
    told = run("verify", "--json", **{KEY: key})
    assert (told.code, _why(told, check)) == (1, why)


def test_a_host_that_is_down_another_one_and_a_broken_encryption_are_told_apart(
    run: Callable[..., Told], klaviyo: KlaviyoHandle
) -> None:
    """Whoever runs the machine acts, not whoever manages the account."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    down = run("verify", "--json", **{KLAVIYO: nobody, NEVENT: nobody})
    assert (_why(down, "reachable"), _why(down, "reachable", "nevent")) == ("unreachable",) * 2
    in_clear = klaviyo.url.replace("http://", "https://")
    assert _why(run("verify", "--json", **{KLAVIYO: in_clear}), "reachable") == "tls"
    other = run("verify", "--json", **{NEVENT: klaviyo.url})
    assert _why(other, "reachable", "nevent") == "another_answers"
    klaviyo.challenge("*", times=None)
    assert _why(run("verify", "--json"), "reachable") == "challenge"


def test_a_token_that_expired_is_told(run: Callable[..., Told], nevent: NeventHandle) -> None:
    """With where to make another."""
    nevent.expire_token()
    told = run("verify", "--lang", "es")
    assert told.code == 1
    assert "ha caducado o no es correcto. Crea otro en Nevent" in " ".join(told.out.split())


def test_a_clock_that_is_wrong_is_told(
    run: Callable[..., Told], klaviyo: KlaviyoHandle, sandbox: Sandbox
) -> None:
    """Times of consent would be; the rest works."""
    sandbox.clock.advance(timedelta(minutes=20))
    told = run("verify", "--json", **{KLAVIYO: klaviyo.url})
    assert (_states(told)["clock"], _why(told, "clock")) == ("warning", "skew")
    (advice,) = [each["advice"] for each in told.json["klaviyo"] if each["check"] == "clock"]
    assert "20 minutes behind Klaviyo's" in advice


def test_nothing_is_changed(run: Callable[..., Told], klaviyo: KlaviyoHandle) -> None:
    """Whatever would write is refused for its content."""
    run("verify", **{KEY: "pk_sandbox_full"})
    writes = [each for each in klaviyo.requests() if each["method"] != "GET"]
    assert len(writes) == len(WRITES)
    assert {each["status"] for each in writes} == {400}
    assert klaviyo.lists() == klaviyo.profiles() == klaviyo.jobs() == []


def test_the_scopes_that_the_example_asks_for_are_those_that_are_checked() -> None:
    """Whoever makes a key copies them from there."""
    example = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
    told = set(re.findall(r"[a-z-]+:(?:read|write)", example))
    assert told == set(SCOPES)
