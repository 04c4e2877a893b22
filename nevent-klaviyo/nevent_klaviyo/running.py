"""What every command does around its work: settings, language, sessions, errors in words."""

from __future__ import annotations

import locale
import logging
import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from klaviyo_client import DeniedError as KlaviyoDeniedError
from klaviyo_client import KlaviyoError, RejectedError
from nevent_client.errors import AddressError, NeventError, NotServedError, RefusedError
from nevent_client.errors import DeniedError as NeventDeniedError
from rich.console import Console

from nevent_klaviyo.errors import (
    FAILED,
    CommandError,
    SettingError,
    UnaskedError,
    UnknownCampaignError,
    UnknownPersonError,
)
from nevent_klaviyo.settings import settings
from nevent_klaviyo.sides import TRIES, opened
from nevent_klaviyo.texts import LANGUAGES, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nevent_klaviyo.sides import Sides

_WIDTH = 120  # of what is no terminal


@contextmanager
def running(lang: str, *, tries: int = TRIES) -> Iterator[tuple[Sides, Words]]:
    """Both sides opened as the environment says; what goes wrong ends the command in words.

    Args:
        lang: of the words.
        tries: of one request.
    """
    words = Words(lang)
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.WARNING)
    try:
        with opened(settings(os.environ), tries=tries) as sides:
            yield sides, words
    except (CommandError, KlaviyoError, NeventError) as error:
        click.echo(_told(error, words), err=True)
        raise SystemExit(getattr(error, "exit_code", FAILED)) from error


def _told(error: Exception, words: Words) -> str:
    """The error with who must act."""
    kinds: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
        (UnknownPersonError, "unknown_person"),
        (UnaskedError, "not_asked"),
        (UnknownCampaignError, "unknown_campaign"),
        (SettingError, "wrong_setting"),
        (CommandError, "cannot"),
        (KlaviyoDeniedError, "klaviyo_denied"),
        (NeventDeniedError, "nevent_denied"),
        (AddressError, "wrong_setting"),
        (RejectedError, "klaviyo_rejected"),
        ((RefusedError, NotServedError), "nevent_rejected"),
        (KlaviyoError, "klaviyo_failed"),
        (NeventError, "nevent_failed"),
    )
    key = next(key for kind, key in kinds if isinstance(error, kind))
    return words(key, detail=str(error)).strip()


def console() -> Console:
    """Where tables go: coloured on a terminal only, and as wide as it."""
    width = None if sys.stdout.isatty() else _WIDTH
    if "COLUMNS" in os.environ:
        width = shutil.get_terminal_size().columns
    if sys.stdout.isatty():
        return Console(width=width, highlight=False, emoji=False, markup=False)
    return Console(  # whatever FORCE_COLOR says: a pipe is read by programs
        width=width,
        highlight=False,
        emoji=False,
        markup=False,
        color_system=None,
        force_terminal=False,
    )


def language_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option --lang, Spanish in a Spanish locale."""
    return click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        default=lambda: language(os.environ),
        show_default="from the locale",
        help="Language of tables and messages.",
    )(command)


def language(environment: Mapping[str, str]) -> str:
    """The language of the locale, English where it is none of ours."""
    told = next(
        (environment[each] for each in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(each)),
        "",
    )
    told = told or (locale.getlocale()[0] or "")
    return "es" if told.casefold().startswith(("es", "spanish")) else "en"
