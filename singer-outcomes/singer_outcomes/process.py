"""How a target begins and ends as a process: signals, exit codes, one line for what went wrong."""

from __future__ import annotations

import abc
import contextlib
import os
import signal
import sqlite3
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk.exceptions import (
    ConfigValidationError,
    RecordsWithoutSchemaException,
    SingerSDKError,
)
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers.capabilities import PluginCapabilities
from singer_sdk.plugin_base import PluginBase
from singer_sdk.singerlib.exceptions import InvalidInputLine
from singer_sdk.target_base import Target
from typing_extensions import override

from singer_outcomes import collector
from singer_outcomes.environment import from_environment
from singer_outcomes.mistakes import unsecret
from singer_outcomes.reader import FastReader, StopReadingError
from singer_outcomes.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    from singer_sdk.plugin_base import _ConfigInput

ONE_SIGNAL = 2.0  # seconds: Ctrl-C under Meltano sends SIGINT and SIGTERM at once


class OrderlyTarget(Target, abc.ABC):
    """Ends in order: on a signal it stops reading and settles what was read, then tells.

    Exit codes: 0; 1 for an error or too many rejects; 130 and 143 after SIGINT and SIGTERM.
    """

    run_errors: ClassVar[tuple[type[Exception], ...]] = ()
    """What ends a run with a message instead of a traceback, besides the SDK's own errors."""

    capabilities: ClassVar[list[Any]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    message_reader_class = FastReader
    message_reader: FastReader

    def __init__(self, **kwargs: Any) -> None:
        self.signal: int | None = None
        self.failure: Exception | None = None
        self._signalled_at = 0.0
        self._grace: threading.Timer | None = None
        self._expired = False
        super().__init__(**kwargs)

    @abc.abstractmethod
    def finish(self) -> None:
        """Send all that is queued and wait until it is settled."""

    @abc.abstractmethod
    def expire(self) -> None:
        """The grace period after a signal is over: let go of every wait. Any thread may call."""

    @abc.abstractmethod
    def close(self) -> None:
        """Stop what runs in the background and tell what happened; again is harmless."""

    def told(self, error: Exception) -> str:
        """The one line for a person."""
        return str(error)

    @classmethod
    def note_failure(cls, config: Mapping[str, Any], error: Exception) -> None:
        """The target could not even be made with these settings."""

    @classmethod
    def expected(cls) -> tuple[type[Exception], ...]:
        """Errors that a person can mend: told in one line."""
        own = (SingerSDKError, InvalidInputLine, StoreError, sqlite3.Error)
        return (*own, *cls.run_errors)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Stop reading; `process_endofpipe` then settles what was read within the grace period.

        The SDK's own handler re-enters a drain that may be under way, and emits state over it.
        """
        now = time.monotonic()
        if self.signal is not None:
            if now - self._signalled_at > ONE_SIGNAL:
                self.logger.warning("Second signal: ending now; the next run repeats the rest.")
                os._exit(128 + signum)
            return
        self.signal, self._signalled_at = signum, now
        self.logger.info(
            "%s: reading stops; what was read is sent within %s s, the rest comes with the next "
            "run.",
            signal.Signals(signum).name,
            self.config["grace_seconds"],
        )
        self._grace = threading.Timer(float(self.config["grace_seconds"]), self._end_grace)
        self._grace.daemon = True
        self._grace.start()
        self.message_reader.stop_requested = True
        if self.message_reader.blocked:
            raise StopReadingError

    def cancel_grace(self) -> None:
        """All ended in time: nothing is to be cut short."""
        if self._grace is not None and not self._expired:
            self._grace.cancel()

    def _end_grace(self) -> None:
        """Let go of every wait; a second later end whatever still hangs in a request."""
        self._expired = True
        self.expire()
        self._grace = threading.Timer(1, os._exit, [128 + (self.signal or 0)])
        self._grace.daemon = True
        self._grace.start()

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """The SDK's messages repeat the value; that of a secret setting is left out."""
        try:
            return super()._validate_config(raise_errors=raise_errors)
        except ConfigValidationError as error:
            error.errors[:] = unsecret(error.errors, self.config_jsonschema)
            raise

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805  # a property of the class
        cls.append_builtin_config(cls.config_jsonschema)
        return from_environment(cls.config_jsonschema, cls._env_var_prefix)

    @override
    @classmethod
    def invoke(  # type: ignore[override]  # the SDK's own signature differs from its base as well
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        file_input: IO[str] | None = None,
    ) -> None:
        """Run, and end with one line for a person when something they can mend is wrong."""
        super(Target, cls).invoke(about=about, about_format=about_format)
        collector.spare()
        cls.print_version(print_fn=cls.logger.info)
        expected = cls.expected()
        target = None
        try:
            target = cls(
                config=config.config if config else {},
                parse_env_config=bool(config and config.parse_env),
            )
            target.listen(file_input)
        except ConfigValidationError as error:
            cls.note_failure(merged_config(cls, config), error)
            raise  # the SDK's command lists each setting
        except expected as error:
            if target is None:
                cls.logger.error("%s", error)  # noqa: TRY400  # a traceback would bury it
                cls.note_failure(merged_config(cls, config), error)
                sys.exit(1)
            target.failure = error
            cls.logger.error("%s", target.told(error))  # noqa: TRY400  # as above
            if isinstance(error, (InvalidInputLine, RecordsWithoutSchemaException)):
                with contextlib.suppress(*expected):  # one is told already
                    target.finish()  # what came before the bad line is good
            sys.exit(128 + target.signal if target.signal else 1)
        except Exception as error:
            if target is not None:
                target.failure = error
            raise
        finally:
            if target is not None:
                target.close()

    @override
    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Only settings that do something here: no load method, row batches or `_sdc` columns."""
        PluginBase.append_builtin_config.__func__(cls, config_jsonschema)  # type: ignore[attr-defined]  # of a classmethod


def merged_config(
    target: type[PluginBase], config: _ConfigInput | None, *, env: bool = False
) -> dict[str, Any]:
    """Settings from files and, where asked for, from the environment, not validated."""
    found = dict(config.config) if config else {}
    if env or (config and config.parse_env):
        found |= target._env_var_config  # noqa: SLF001  # how the SDK reads them
    return found
