"""What the streams of one run share."""

from __future__ import annotations

import contextlib
import threading
import weakref
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from klaviyo_client import ForbiddenError, KlaviyoError, KlaviyoSession, own_metrics
from klaviyo_client.catalogue import Catalogue
from klaviyo_client.limits import GET_ACCOUNT
from singer_outcomes.bookmark import moment, written

from tap_klaviyo_engagement import settings

if TYPE_CHECKING:
    from collections.abc import Mapping


class Run:
    """One connection to one account; every list that several streams need is read once."""

    def __init__(self, config: Mapping[str, Any], user_agent: str) -> None:
        settings.check(config)
        self.config = config
        self.session = KlaviyoSession(
            config["api_key"],
            api_url=config["api_url"],
            user_agent=config.get("user_agent") or user_agent,
        )
        weakref.finalize(self, self.session.close)
        self.left_out: set[str] = set()  # streams that the key may not read
        self.given: set[str] = set()  # streams whose records went out with another's

    def now(self) -> datetime:
        """The time by Klaviyo's clock."""
        return self.session.now()

    @cached_property
    def catalogue(self) -> Catalogue:
        """Names behind ids: campaigns, flows, lists, segments."""
        return Catalogue(self.session)

    def begin_names(self) -> None:
        """Read the names of campaigns while something else is read, in a thread of its own."""

        def read() -> None:
            with contextlib.suppress(KlaviyoError):  # told when a name is asked for
                self.catalogue.message("")

        threading.Thread(target=read, daemon=True, name="names").start()

    @cached_property
    def account(self) -> dict[str, Any]:
        """The account's attributes: its timezone, its currency; none if the key may not ask."""
        try:
            found = self.session.get(GET_ACCOUNT)["data"]
        except ForbiddenError:
            return {}
        attributes: dict[str, Any] = found[0]["attributes"]
        return attributes

    @cached_property
    def started(self) -> datetime:
        """When the run began, by Klaviyo's clock, which only an answer tells."""
        _ = self.account
        return self.session.now()

    @cached_property
    def early(self) -> bool:
        """Whether `start_date` is still to come, which Klaviyo's filters refuse."""
        start = moment(self.config.get("start_date"))
        if start is None or start <= written(datetime.now(UTC)):
            return False
        return start > written(self.started)  # our clock is not Klaviyo's

    @cached_property
    def metrics(self) -> own_metrics.Metrics:
        """All metrics of the account."""
        return own_metrics.read(self.session)
