"""The command line of a target: loading as the SDK does it, and commands for who operates it."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

import click
import msgspec
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.plugin_base import SingerCommand, _ConfigInput
from typing_extensions import override

from singer_outcomes.grouped import groups
from singer_outcomes.history import History
from singer_outcomes.process import merged_config
from singer_outcomes.recorded import store_path
from singer_outcomes.rejects import read_rejects
from singer_outcomes.settings import SETTINGS
from singer_outcomes.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from types import ModuleType

    from singer_outcomes.target import OutcomeTarget

_CONFIG_HELP = (
    "Configuration file, or 'ENV'. Settings are read from the environment as well, as Meltano "
    "gives them, and win."
)


class TargetGroup(click.Group):
    """Loads, as the SDK's own command does, unless the first word is one of the commands."""

    def __init__(self, singer: click.Command, commands: Sequence[click.Command]) -> None:
        super().__init__(singer.name, commands=list(commands), help=singer.help)
        self._singer = singer
        lines = [f"  {each.name:<15} {each.get_short_help_str(80)}" for each in commands]
        singer.epilog = "\b\nCommands (each with its own --help):\n" + "\n".join(lines)

    @override
    def main(self, args: Sequence[str] | None = None, *more: Any, **named: Any) -> Any:
        words = _command_first(list(sys.argv[1:] if args is None else args), self.commands)
        if words and words[0] in self.commands:
            return super().main(words, *more, **named)
        return self._singer.main(words, *more, **named)


def _command_first(words: list[str], commands: Collection[str]) -> list[str]:
    """`--config x rejects` is `rejects --config x`."""
    place = 0
    while place < len(words) and words[place].partition("=")[0] == "--config":
        place += 1 if "=" in words[place] else 2
    if place < len(words) and words[place] in commands:
        return [words[place], *words[:place], *words[place + 1 :]]
    return words


def group(target: type[OutcomeTarget]) -> TargetGroup:
    """The whole command line of a target."""
    made = (_rejects(target), _retry_rejects(target), _history(target))
    return TargetGroup(target.get_singer_command(), made)


def _command(
    target: type[OutcomeTarget],
    name: str,
    told: str,
    callback: Callable[..., None],
    *options: click.Option,
) -> click.Command:
    def run(config: _ConfigInput, **chosen: Any) -> None:
        expected: tuple[type[Exception], ...] = (*target.expected(), OSError)
        try:
            callback(config, **chosen)
        except ConfigValidationError:
            raise  # the SDK's command lists each setting
        except expected as error:
            target.logger.error("%s", error)  # noqa: TRY400  # one line for a person
            sys.exit(1)

    config = click.Option(
        ["--config"],
        multiple=True,
        help=_CONFIG_HELP,
        callback=lambda _context, _option, files: _ConfigInput.from_cli_args(*files),
    )
    return SingerCommand(
        name, callback=run, params=[config, *options], help=told, logger=target.logger
    )


def _tables() -> ModuleType:
    """Loaded when there is something to show: every run would pay for it."""
    from singer_outcomes import tables  # noqa: PLC0415  # a load needs no tables

    return tables


def _rejects_path(target: type[OutcomeTarget], config: _ConfigInput) -> str:
    settings = merged_config(target, config, env=True)
    return str(settings.get("rejects_path") or SETTINGS["rejects_path"]["default"])


def _rejects(target: type[OutcomeTarget]) -> click.Command:
    def rejects(
        config: _ConfigInput,
        *,
        as_json: bool,
        show: int | None,
        stream: tuple[str, ...],
        reason: tuple[str, ...],
    ) -> None:
        path = _rejects_path(target, config)
        found = (
            each
            for each in read_rejects(path)
            if (not stream or each["stream"] in stream)
            and (not reason or each["reason"].startswith(reason))
        )
        if show:
            for each in islice(found, show):
                click.echo(msgspec.json.encode(each))
            return
        told = groups(found, target.advice)
        if as_json:
            click.echo(msgspec.json.encode(told))
        elif told:
            _tables().show_groups(told, path)
        else:
            click.echo(f"No rejects in {path}.")

    return _command(
        target,
        "rejects",
        "Records that were not loaded, by reason, with what to do next.\n\nNames nobody, unless "
        "--show is given. Exit code 0, also where there are none; 1 where the file cannot be read.",
        rejects,
        click.Option(["--json", "as_json"], is_flag=True, help="One JSON array, a group each."),
        click.Option(
            ["--show"],
            type=click.IntRange(1),
            default=None,
            metavar="N",
            help="Print the first N lines in full instead, people included.",
        ),
        *_filters(),
    )


def _retry_rejects(target: type[OutcomeTarget]) -> click.Command:
    def retry(config: _ConfigInput, *, stream: tuple[str, ...], reason: tuple[str, ...]) -> None:
        made = target(config=merged_config(target, config, env=True))
        try:
            done = made.replay(streams=stream, reasons=reason)
        except target.expected() as error:
            made.failure = error
            target.logger.error("%s", made.told(error))  # noqa: TRY400  # one line for a person
            sys.exit(128 + made.signal if made.signal else 1)
        finally:
            made.close()
        _tables().show_replay(done, made.summary.counts())
        if made.signal:
            sys.exit(128 + made.signal)
        sys.exit(1 if done.left else 0)

    return _command(
        target,
        "retry-rejects",
        "Send the rejected records once more.\n\nEach takes its own stream map and sink as at "
        "first; what then succeeds is taken out of the rejects file, what fails again stays with "
        "its new reason. Needs store_rejected_records. Tells no state.\n\nExit code 0: none of "
        "those chosen is left. 1: some are, or an error ended it. 130, 143: a signal did; what "
        "has no fate is still in the file.",
        retry,
        *_filters(),
    )


def _filters() -> tuple[click.Option, ...]:
    return (
        click.Option(["--stream"], multiple=True, help="Only this stream; may be repeated."),
        click.Option(
            ["--reason"], multiple=True, help="Only reasons that begin so; may be repeated."
        ),
    )


def _history(target: type[OutcomeTarget]) -> click.Command:
    def history(config: _ConfigInput, *, as_json: bool, number: int) -> None:
        store = Store(store_path(target, merged_config(target, config, env=True)))
        try:
            found = History(store, plugin=target.name).runs(number)
        finally:
            store.close()
        if as_json:
            click.echo(msgspec.json.encode(found))
        elif found:
            _tables().show_history(found)
        else:
            click.echo(f"No runs in {store.path}.")

    return _command(
        target,
        "history",
        "The last runs, newest first: when, how long, what, rejects, how each ended.\n\nA run "
        "that is 'not finished' is under way or was killed. Exit code 0; 1 where the store "
        "cannot be read.",
        history,
        click.Option(["-n", "number"], type=click.IntRange(1), default=10, show_default=True),
        click.Option(["--json", "as_json"], is_flag=True, help="One JSON array, a run each."),
    )
