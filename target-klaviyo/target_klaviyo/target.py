"""Settings of target-klaviyo and how its parts are wired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from klaviyo_client import KlaviyoError, KlaviyoSession
from klaviyo_client.session import API_URL
from singer_outcomes.settings import SETTINGS
from singer_outcomes.target import OutcomeTarget
from typing_extensions import override

from target_klaviyo.fates import Fates
from target_klaviyo.identifiers import SettingError, country
from target_klaviyo.lists import find_list
from target_klaviyo.loader import Loader
from target_klaviyo.sinks import EventsSink, ProfilesSink

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from singer_outcomes.sink import OutcomeSink


class TargetKlaviyo(OutcomeTarget):
    """Loads people and what they did into Klaviyo, from any Singer tap."""

    name = "target-klaviyo"
    kinds: ClassVar[Mapping[str, type[OutcomeSink]]] = {
        "profiles": ProfilesSink,
        "events": EventsSink,
    }
    run_errors = (KlaviyoError, SettingError)

    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "required": ["api_key"],
        "properties": {
            "api_key": {
                "type": "string",
                "secret": True,
                "title": "Klaviyo private API key",
                "description": "Begins with pk_. Needs the scopes profiles:read, profiles:write, "
                "lists:read, lists:write and events:write.",
            },
            "api_url": {
                "type": "string",
                "title": "Klaviyo API",
                "description": "Where the API is; plain http is taken for this machine only.",
                "default": API_URL,
            },
            "list_id": {
                "type": "string",
                "title": "List (by id)",
                "description": "Profiles are added to this list. It must exist.",
            },
            "list_name": {
                "type": "string",
                "title": "List (by name)",
                "description": "Profiles are added to the list of this name, which is created "
                "when missing. list_id wins.",
            },
            "phone_region": {
                "type": "string",
                "title": "Country of national phone numbers",
                "description": "ISO 3166 code of the country that phone numbers without a "
                "country code belong to, where the record's own country column names none.",
                "default": "ES",
            },
            "first_load": {
                "type": ["string", "boolean"],
                "enum": ["auto", "true", "false", True, False],
                "title": "First load",
                "description": "true: every event is history (backfill) and starts no flow. "
                "auto and false: those older than history_after_hours are.",
                "default": "auto",
            },
            "history_after_hours": {
                "type": "number",
                "minimum": 0,
                "title": "Age of history (hours)",
                "description": "Events older than this are sent as backfill: recorded, but they "
                "start no flow.",
                "default": 48,
            },
            "job_timeout_minutes": {
                "type": "number",
                "minimum": 0,
                "title": "Longest import job (minutes)",
                "description": "A Klaviyo import job that takes longer ends the run, with the "
                "state kept before it.",
                "default": 60,
            },
            **SETTINGS,
        },
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.phone_region = country(self.config["phone_region"])
        self._list_known = False
        self._session = KlaviyoSession(
            self.config["api_key"],
            api_url=self.config["api_url"],
            user_agent=f"{self.name}/{self.get_plugin_version()}",
        )
        self.loader = Loader(
            self._session,
            Fates(ledger=self.ledger, summary=self.summary, reject=self.reject),
            ledger=self.ledger,
            job_patience=float(self.config["job_timeout_minutes"]) * 60,
        )

    def resolve_list(self) -> None:
        """Find the configured list, once, before the first profile."""
        if not self._list_known:
            self.loader.delivery.list_id = find_list(
                self._session,
                list_id=self.config.get("list_id"),
                name=self.config.get("list_name"),
            )
            self._list_known = True

    def now(self) -> datetime:
        """The time by Klaviyo's clock."""
        return self._session.now()

    @override
    def check(self) -> None:
        self.loader.check()

    @override
    def finish(self) -> None:
        self.loader.finish()

    @override
    def expire(self) -> None:
        self.loader.expire()

    @override
    def stop(self) -> None:
        self.loader.stop()

    @override
    def details(self) -> dict[str, Any]:
        return {
            "requests": self._session.requests,
            "retries": self._session.retries,
            "waited_seconds": round(self._session.waited, 1),
        }


if __name__ == "__main__":
    TargetKlaviyo.cli()
