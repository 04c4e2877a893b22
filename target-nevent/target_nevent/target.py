"""How the parts of target-nevent are wired."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from nevent_client.errors import AddressError, DeniedError, NeventError, NotServedError
from singer_outcomes.echoes import Echoes
from singer_outcomes.identifiers import SettingError, country
from singer_outcomes.loader import Loader
from singer_outcomes.loading import LoadingTarget
from typing_extensions import override

from target_nevent.advice import ADVICE
from target_nevent.calls import Calls
from target_nevent.configured import session, since
from target_nevent.custom_fields import CustomFields
from target_nevent.elsewhere import Elsewhere
from target_nevent.engagement import Engagement
from target_nevent.erasures import NO_FEED, newly_erased
from target_nevent.fans import Fans
from target_nevent.kinds import KINDS
from target_nevent.memory import Memory
from target_nevent.pace import Pace
from target_nevent.preferences import Preferences
from target_nevent.profiles import Owned, Profiles
from target_nevent.settings import SETTINGS
from target_nevent.sinks import EngagementSink, FansSink, PreferencesSink, SubscribersSink
from target_nevent.subscribers import Subscribers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from singer_outcomes.sink import OutcomeSink

    from target_nevent.sinks import NeventSink

LEFT = "sign-ups left for the next run"


class TargetNevent(LoadingTarget):
    """Loads what people did and said in Klaviyo into Nevent, from any Singer tap."""

    name = "target-nevent"
    import_since: datetime
    """Who consented before is not signed up; known once `prepare_signups` was called."""

    kinds: ClassVar[Mapping[str, type[OutcomeSink]]] = {
        "subscribers": SubscribersSink,
        "fans": FansSink,
        "preferences": PreferencesSink,
        "engagement": EngagementSink,
    }
    run_errors = (NeventError, SettingError)
    advice = ADVICE

    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "required": ["auth_token"],
        "properties": SETTINGS,
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        config = self.config
        self.phone_region = country(config["phone_region"])
        self.tenant = ""
        self._signups_prepared = False
        self._session = session(config, f"{self.name}/{self.get_plugin_version()}")
        self.calls = Calls(self._session, self.summary, planned=self.dry_run)
        self.memory = Memory(self.store, planned=self.dry_run)
        self._since = since(config)
        self._pace = Pace(
            int(config["subscribes_per_hour"]),
            self.memory,
            self.logger,
            longest=timedelta(minutes=float(config["signups_wait_minutes"])),
            now=self.calls.now,
        )
        self.loader = Loader(
            KINDS,
            self.fates,
            ledger=self.ledger,
            let_go=self._let_go,
            close=self._session.close,
        )
        fans = Fans(self.calls, region=self.phone_region)
        self.custom_fields = CustomFields(self.calls)
        self.owned = Owned(config["owners"], self.custom_fields)
        self._elsewhere = elsewhere = Elsewhere(
            self.calls,
            fans,
            self.custom_fields,
            self.summary,
            fields=config["engagement_fields"],
            path=config.get("engagement_path"),
        )
        engagement = Engagement(self.calls, fans, self.fates, elsewhere)
        self._subscribers = Subscribers(
            self.calls,
            fans,
            self.fates,
            self.memory,
            self._pace,
            newsletter=config.get("newsletter_id"),
            erased=self.erased,
            waiting=lambda: len(self.loader.queues["subscribers"]),
        )
        self.loader.deliver = {
            "subscribers": self._subscribers.deliver,
            "fans": Profiles(
                self.calls,
                fans,
                self.fates,
                self.custom_fields,
                self.owned.columns,
                region=self.phone_region,
            ).deliver,
            "preferences": Preferences(
                self.calls, fans, self.fates, self.memory, Echoes(self.store)
            ).deliver,
            "engagement": engagement.deliver,
            "flow_status": engagement.deliver,
        }

    def _let_go(self) -> None:
        self._pace.stop()
        self._session.close()

    def prepare(self) -> None:
        """Find out whose token it is, once, before the first record.

        Raises:
            DeniedError: another tenant's.
        """
        if self.tenant:
            return
        me = self.calls.read("me", attempts=4)  # a wrong address shall not keep one waiting
        tenant = me.get("tenantId") if isinstance(me, dict) else None
        if not tenant:
            raise AddressError("GET /auth/me: no tenantId in the answer: correct api_url.")
        wanted = self.config.get("tenant_id")
        if wanted and tenant != wanted:
            raise DeniedError(
                f"The token belongs to tenant {tenant}, but tenant_id is {wanted}. Set the token "
                "of that tenant, or correct tenant_id."
            )
        self.tenant = self.memory.tenant = str(tenant)
        self.forget_erased()

    @override
    def forget_erased(self) -> None:
        """Also of the file of engagement; once for everybody who is erased."""
        if self.dry_run:
            return
        files = f"{self.config['rejects_path']}|{self.config.get('engagement_path')}"
        latest = self.tombstones.latest
        if latest > self.memory.forgotten(files):
            super().forget_erased()
            self._elsewhere.forget(self.erased)
            self.memory.forget(files, latest)

    def prepare_signups(self) -> None:
        """Find out who may be signed up, once: since when, and nobody who was erased."""
        if self._signups_prepared:
            return
        self._signups_prepared = True
        first_run = self.memory.first_run(self.calls.now())
        self.import_since = self._since or first_run
        try:
            people, until = newly_erased(self.calls, self.memory)
        except NotServedError:
            self.summary.note(NO_FEED)
            return
        if self.dry_run:
            self.erase(people)
        elif people:
            self.tombstones.add(people, at=self.calls.now())
            self.rejects.purge(people)
            self.forget_erased()
        if until and not self.dry_run:
            self.memory.read_erased(until)

    @override
    def process_endofpipe(self) -> None:
        self.finish()
        if self.leaves_some and not self.signal:
            self._tell_left()
        if self.dry_run:
            self._tell_plan()
        super().process_endofpipe()

    @property
    @override
    def leaves_some(self) -> bool:
        return bool(self._subscribers.left or self._subscribers.unseen)

    def _tell_left(self) -> None:
        if self._subscribers.unseen:
            self.logger.warning(
                "Nevent does not show %s new fans yet: the state stays before them, and the next "
                "run completes them.",
                f"{self._subscribers.unseen:,}",
            )
        if not self._subscribers.left:
            return
        spent = self._subscribers.spent
        self.summary.note(LEFT, self._subscribers.left)
        self.logger.warning(
            "%s sign-ups had no turn in this run and are left for the next one: the state stays "
            "before them, everything else was loaded.%s",
            f"{self._subscribers.left:,}",
            f" {spent}" if spent else "",
        )

    def _tell_plan(self) -> None:
        """The counts are in the summary; how long sign-ups take is not."""
        number = sum(
            fates["planned"]
            for stream, fates in self.summary.fates.items()
            if stream.partition("__")[0] == "subscribers"
        )
        if number:
            self.logger.info(
                "Plan: %s sign-ups take about %s at %s an hour.",
                f"{number:,}",
                self._pace.lasts(number),
                self.config["subscribes_per_hour"],
            )

    @override
    def requeue(self, stream: str, payload: Any, *, key: str) -> None:
        cast("NeventSink", self.sink_of(stream)).requeue(payload, key=key)

    @override
    def details(self) -> dict[str, Any]:
        return {"requests": self.calls.requests}


if __name__ == "__main__":
    TargetNevent.cli()
