"""Settings and wiring of tap-klaviyo-engagement."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from klaviyo_client import KlaviyoError
from klaviyo_client.scopes import missing
from singer_outcomes.tap import PlainTap
from singer_sdk.tap_base import CliTestOptionValue
from typing_extensions import override

from tap_klaviyo_engagement import settings
from tap_klaviyo_engagement.client import KlaviyoStream
from tap_klaviyo_engagement.run import Run
from tap_klaviyo_engagement.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click
    from klaviyo_client import ForbiddenError


class TapKlaviyoEngagement(PlainTap):
    """Extractor for Klaviyo: who is subscribed, and what each person did with which message."""

    name = "tap-klaviyo-engagement"
    package_name = "tap-klaviyo-engagement"
    config_jsonschema = settings.CONFIG
    order = tuple(each.name for each in STREAMS)
    run_errors = (KlaviyoError,)

    @cached_property
    def run(self) -> Run:
        """What the streams share."""
        return Run(self.config, f"tap-klaviyo-engagement/{self.plugin_version}")

    @override
    def discover_streams(self) -> Sequence[KlaviyoStream]:
        return [each(self) for each in STREAMS]

    @override
    def _set_compatible_replication_methods(self) -> None:
        """What sync_all, which is final, does before the first stream."""
        _ = self.run  # settings are checked before the first record
        super()._set_compatible_replication_methods()

    def leave_out(self, stream: KlaviyoStream, exc: ForbiddenError) -> None:
        """Go on without a stream that the key may not read.

        Raises:
            ForbiddenError: it may read none of those selected.
        """
        self.run.left_out.add(stream.name)
        stream.log("%s Stream '%s' is left out.", exc, stream.name, level=30)
        if self.run.left_out >= {each.name for each in self.streams.values() if each.selected}:
            raise exc

    def check_access(self) -> bool:
        """Tell for each selected stream whether the key may read it, and what it lacks."""
        selected = [each for each in self.streams.values() if each.selected]
        needed = {each.name: each.scopes() for each in selected if isinstance(each, KlaviyoStream)}
        lacking = missing(self.run.session, {s for each in needed.values() for s in each})
        for name, scopes in needed.items():
            without = [scope for scope in scopes if scope in lacking]
            if without:
                self.logger.error("Stream '%s': the key lacks %s.", name, ", ".join(without))
            else:
                self.logger.info("Stream '%s': may be read.", name)
        if lacking:
            self.logger.error(
                "The scopes of a key cannot be edited: create a new private key in Klaviyo with "
                "%s besides those it has, or deselect these streams. A run leaves them out.",
                ", ".join(sorted(lacking)),
            )
        return not lacking

    @override
    def let_go(self) -> None:
        if "run" in vars(self):  # else nothing was begun
            self.run.session.close()

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """As the SDK's; `--test` itself reads no record, but says what the key may read."""
        with cls.plainly():
            if value != CliTestOptionValue.All.value:
                super().cb_test(ctx, param, value)
                return
            given = ctx.params.get("config")
            tap = cls(
                config=given.config if given else None,
                parse_env_config=bool(given and given.parse_env),
                validate_config=True,
            )
            ctx.exit(0 if tap.check_access() else 1)
