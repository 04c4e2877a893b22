"""Settings, languages and the command line as a process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from string import Formatter
from typing import TYPE_CHECKING

import pytest
from both_sides import both
from nevent_klaviyo.running import language
from nevent_klaviyo.settings import settings, variables
from nevent_klaviyo.texts import LANGUAGES, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from command_line import Told
    from nevent_sandbox.handles import KlaviyoHandle
    from nevent_sandbox.nevent_handle import NeventHandle

    Run = Callable[..., Told]

ANA = "ana@nevent-demo.es"
REQUIRED = {"NEVENT_KLAVIYO_NEVENT_AUTH_TOKEN": "t", "NEVENT_KLAVIYO_KLAVIYO_API_KEY": "k"}


def test_the_command_is_a_process(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, environment: dict[str, str]
) -> None:
    """It prints to its own stdout, and a warning of a retry to stderr."""
    both(klaviyo, nevent, ANA)
    klaviyo.refuse("GET /api/events", status=503)
    told = subprocess.run(
        [sys.executable, "-m", "nevent_klaviyo.cli", "fan", ANA, "--lang", "es"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment, "FORCE_COLOR": "1"},
    )
    assert told.returncode == 0, told.stderr
    assert "Persona" in told.stdout
    assert "\x1b" not in told.stdout
    assert "503" in told.stderr
    assert ANA not in told.stderr


def test_the_plugins_own_variables_serve(
    klaviyo: KlaviyoHandle, nevent: NeventHandle, run: Run, environment: dict[str, str]
) -> None:
    """Who runs the plugins has nothing else to set."""
    both(klaviyo, nevent, ANA)
    others = {
        "TAP_NEVENT_AUTH_TOKEN": environment["NEVENT_KLAVIYO_NEVENT_AUTH_TOKEN"],
        "TAP_NEVENT_API_URL": nevent.url,
        "TAP_NEVENT_DATA_API_URL": nevent.url,
        "TARGET_KLAVIYO_API_KEY": "pk_sandbox_readonly",
        "TARGET_KLAVIYO_API_URL": klaviyo.url,
    }
    gone = {name: None for name in environment if name.startswith("NEVENT_KLAVIYO_")}
    assert run("fan", ANA, **gone, **others).code == 0


def test_a_setting_that_is_missing_is_named_with_its_variables(run: Run) -> None:
    """All at once, as wrong use, in the reader's language."""
    told = run(
        "fan",
        ANA,
        NEVENT_KLAVIYO_NEVENT_AUTH_TOKEN=None,
        NEVENT_KLAVIYO_KLAVIYO_API_KEY="",
        LC_ALL="es_ES.UTF-8",
    )
    assert told.code == 2
    for each in ("nevent_auth_token", "klaviyo_api_key"):
        assert " / ".join(variables(each)) in told.err
    assert "variables de entorno" in told.err


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NEVENT_KLAVIYO_NEVENT_AMOUNTS_IN_CENTS", "perhaps"),
        ("NEVENT_KLAVIYO_NEVENT_OPERATIONS", "[]"),
        ("NEVENT_KLAVIYO_NEVENT_OPERATIONS", '{"nothing": {}}'),
        ("NEVENT_KLAVIYO_NEVENT_API_URL", "http://api.nevent-demo.es"),
        ("NEVENT_KLAVIYO_KLAVIYO_API_URL", "http://klaviyo.nevent-demo.es"),
    ],
)
def test_a_setting_that_cannot_be_is_wrong_use(run: Run, variable: str, value: str) -> None:
    """Before anything is asked; a token never goes over plain http."""
    told = run("fan", ANA, **{variable: value})
    assert (told.code, told.out) == (2, "")


def test_an_address_that_is_not_nevents_is_wrong_use(run: Run, klaviyo: KlaviyoHandle) -> None:
    """Something answers 404 there, which must not pass for an unknown person."""
    told = run("fan", ANA, NEVENT_KLAVIYO_NEVENT_API_URL=f"{klaviyo.url}/_sandbox/nothing")
    assert (told.code, told.out) == (2, "")
    assert "NEVENT_KLAVIYO_NEVENT_API_URL" in told.err


def test_its_own_variable_goes_before_the_plugins() -> None:
    """And an empty one counts as not set."""
    told = settings({**REQUIRED, "TAP_NEVENT_CURRENCY": "usd", "NEVENT_KLAVIYO_CURRENCY": ""})
    assert told.currency == "USD"
    told = settings({**REQUIRED, "TAP_NEVENT_CURRENCY": "usd", "NEVENT_KLAVIYO_CURRENCY": "gbp"})
    assert told.currency == "GBP"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "es_ES.UTF-8"}, "es"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LC_MESSAGES": "es_MX", "LANG": "C"}, "es"),
        ({"LANG": "ca_ES.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
    ],
)
def test_the_language_is_the_locales(environment: dict[str, str], expected: str) -> None:
    """English where it is neither."""
    assert language(environment) == expected


@pytest.mark.parametrize("key", sorted(texts()))
def test_every_text_says_the_same_in_both_languages(key: str) -> None:
    """Both are there, with the same values in them."""
    text = texts()[key]
    assert set(text) == set(LANGUAGES)
    values = [{name for _, name, _, _ in Formatter().parse(each) if name} for each in text.values()]
    assert values[0] == values[1]


@pytest.mark.parametrize("command", [(), ("fan",), ("conversions",)])
def test_help_tells_every_option(run: Run, command: tuple[str, ...]) -> None:
    """Without settings, and no option takes a secret."""
    told = run(*command, "--help", NEVENT_KLAVIYO_KLAVIYO_API_KEY=None)
    assert told.code == 0
    for line in re.findall(r"^  (--\S+.*)$", told.out, re.MULTILINE):
        assert "token" not in line
        assert "key" not in line


@pytest.mark.parametrize("words", [("fan",), ("fan", " "), ("fan", ANA, "--lang", "fr"), ("x",)])
def test_wrong_arguments_are_wrong_use(run: Run, words: tuple[str, ...]) -> None:
    """Nobody named, a language that there is not."""
    assert run(*words).code == 2
