"""How the parts of target-klaviyo are wired."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from klaviyo_client import DeniedError, KlaviyoError, KlaviyoSession
from singer_outcomes.identifiers import SettingError, country
from singer_outcomes.loading import LoadingTarget
from typing_extensions import override

from target_klaviyo.advice import ADVICE
from target_klaviyo.consent_ledger import ConsentLedger
from target_klaviyo.deletions import Deletions
from target_klaviyo.delivery import Delivery
from target_klaviyo.first_load import FirstLoad
from target_klaviyo.flows import LiveFlows
from target_klaviyo.happenings import Happenings
from target_klaviyo.identity import Identity
from target_klaviyo.imports import Imports
from target_klaviyo.knowledge import Knowledge
from target_klaviyo.lists import Lists
from target_klaviyo.loader import KlaviyoLoader
from target_klaviyo.members import Members
from target_klaviyo.mirrors import Mirrors
from target_klaviyo.optouts import OptOuts
from target_klaviyo.ownership import Ownership
from target_klaviyo.people import People
from target_klaviyo.phones import Phones
from target_klaviyo.plan import Plan
from target_klaviyo.records import Records
from target_klaviyo.settings import SETTINGS
from target_klaviyo.sinks import (
    DeletionsSink,
    EventsSink,
    ListMembersSink,
    ProfilesSink,
    SubscriptionsSink,
    SuppressionsSink,
)
from target_klaviyo.subscriptions import Subscriptions
from target_klaviyo.suppressing import Suppressing
from target_klaviyo.verification import COULD_NOT_LOOK, Verification

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from singer_outcomes.queues import Row
    from singer_outcomes.sink import OutcomeSink

    from target_klaviyo.sinks import KlaviyoSink


class TargetKlaviyo(LoadingTarget):
    """Loads people, what they did and what they consent to into Klaviyo, from any Singer tap."""

    name = "target-klaviyo"
    loader: KlaviyoLoader
    kinds: ClassVar[Mapping[str, type[OutcomeSink]]] = {
        "profiles": ProfilesSink,
        "events": EventsSink,
        "subscriptions": SubscriptionsSink,
        "suppressions": SuppressionsSink,
        "list_members": ListMembersSink,
        "deletions": DeletionsSink,
    }
    run_errors = (KlaviyoError, SettingError)
    advice = ADVICE

    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "required": ["api_key"],
        "properties": SETTINGS,
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        config = self.config
        self.phone_region = country(config["phone_region"])
        hours = timedelta(hours=float(config["history_after_hours"]))
        told_first = str(config["first_load"]).lower()
        self.history = None if told_first == "true" else hours
        self._told_first = told_first
        self._list_known = False
        self._held_state: dict[str, Any] | None = None
        self.default_list: str | None = None
        self._session = KlaviyoSession(
            config["api_key"],
            api_url=config["api_url"],
            user_agent=f"{self.name}/{self.get_plugin_version()}",
        )
        self._wire()

    def _wire(self) -> None:
        """Each kind of row gets what delivers it."""
        config, session, summary, fates = self.config, self._session, self.summary, self.fates
        patience = float(config["job_timeout_minutes"]) * 60
        people = People(session)
        self.plan = Plan(people) if self.dry_run else None
        self.lists = Lists(session, self.plan)
        delivery = Delivery(session, summary, self.plan)
        self._records = records = Records(
            self.store,
            ConsentLedger(config["consent_ledger_path"]),
            run=self.rejects.run,
            planned=self.dry_run,
        )
        self.imports = Imports(session, delivery, fates, patience=patience)
        self.phones = Phones()
        self.loader = KlaviyoLoader(session, fates, self.imports, ledger=self.ledger)
        self.imports.tracker = self.loader
        self.first_load = FirstLoad(
            LiveFlows(session),
            refuses=lambda: not config["accept_flows"] and not self.dry_run and self.first,
            looks=lambda: self.dry_run or self.first,
        )
        self.ownership = Ownership(config["owners"], people)
        self._identity = Identity(session, people, summary, self.plan)
        self._verification = Verification(session, people, size=config["verify_sample"])
        self.mirrors = Mirrors(people)
        self._members = Members(delivery, fates, self.imports, people, self.mirrors, plan=self.plan)
        opt_outs = OptOuts(session, self.store)
        self._knowledge = knowledge = Knowledge(
            session, people, opt_outs, now=self.now, plan=self.plan
        )
        subscriptions = Subscriptions(
            delivery,
            fates,
            knowledge,
            records,
            now=self.now,
            default_list=lambda: self.default_list,
            history=self.history,
            custom_source=config["custom_source"],
            planned=self.plan.statement if self.plan else None,
            pause=session.pause,
        )
        suppressing = Suppressing(session, delivery, fates, records, patience=patience)
        deletions = Deletions(
            session,
            fates,
            people,
            records,
            self.tombstones,
            purge=self.rejects.purge,
            plan=self.plan,
        )
        happenings = Happenings(delivery, fates, self._verification, self.plan)
        self.loader.deliver = {
            "profiles": self._deliver_profiles,
            "events": happenings.deliver,
            "subscriptions": subscriptions.deliver,
            "suppressions": suppressing.deliver,
            "list_members": self._members.deliver,
            "deletions": deletions.deliver,
        }

    def _deliver_profiles(self, rows: list[Row]) -> None:
        if not self.first:
            self._identity.follow(rows)
        self.ownership.fill(rows)
        if self.plan is not None:
            self.plan.people_of(rows)
        self.imports.send(rows, kind="profiles", list_id=self.default_list)

    def resolve_list(self) -> None:
        """Find the configured list, once, before the first record that may need it."""
        if self._list_known:
            return
        if list_id := self.config.get("list_id"):
            self.default_list = self.lists.by_id(list_id)
        elif name := self.config.get("list_name"):
            self.default_list = self.lists.by_name(name)
        self._list_known = True

    @cached_property
    def first(self) -> bool:
        """Whether this is the first load of its account."""
        if self._told_first != "auto":
            return self._told_first == "true"
        return not self.has_run_before() or not self._records.loaded(self._knowledge.account)

    def is_young(self, at: datetime) -> bool:
        """Whether something of this time is no history."""
        return self.history is not None and self.now() - at < self.history

    def now(self) -> datetime:
        """The time by Klaviyo's clock."""
        return self._session.now()

    @override
    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        super()._process_schema_message(message_dict)
        source = message_dict["stream"]
        aliases = (each.stream_alias for each in self.mapper.stream_maps[source])
        feeds = any(each.partition("__")[0] == "list_members" for each in aliases)
        self.mirrors.schema(source, feeds=feeds)

    @override
    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        """Where lists are mirrored, the last one waits for those who leave them at the end.

        The source may say by it that these groups need not be read again.
        """
        told: dict[str, Any] | None = message_dict
        if self.mirrors.any:
            told, self._held_state = self._held_state, message_dict
        if told is not None:
            super()._process_state_message(told)

    @override
    def process_endofpipe(self) -> None:
        self.finish()
        if not self.signal:
            for list_id, ids in self.mirrors.leavers():
                self._members.leave(list_id, ids)
            if self._held_state is not None:
                super()._process_state_message(self._held_state)
            self._read_back()
            if self.summary.totals["read"]:
                self._records.load(self._knowledge.account)
        if self.plan is not None:
            self.plan.flows = self.first_load.started()
            self.plan.flows_visible = self.first_load.visible
            self.plan.log(self.logger, self.summary.as_dict())
        super().process_endofpipe()

    def _read_back(self) -> None:
        """Look for a sample of the accepted events; not finding it loses nothing."""
        if self.dry_run:
            return
        try:
            seen = self._verification.read_back()
        except DeniedError:
            self.summary.note(COULD_NOT_LOOK)
            return
        if seen is not None:
            self.summary.note("accepted events sampled", seen.sampled)
            self.summary.note("accepted events sampled and seen in Klaviyo", seen.found)

    @override
    def requeue(self, stream: str, payload: Any, *, key: str) -> None:
        cast("KlaviyoSink", self.sink_of(stream)).requeue(payload, key=key)

    @override
    def details(self) -> dict[str, Any]:
        return {
            "requests": self._session.requests,
            "retries": self._session.retries,
            "waited_seconds": round(self._session.waited, 1),
        }


if __name__ == "__main__":
    TargetKlaviyo.cli()
