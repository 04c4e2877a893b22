"""A first load that mails nobody: it refuses to start a live flow, a dry run names them."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from singer_outcomes.identifiers import SettingError

from target_klaviyo import payloads
from target_klaviyo.flows import Load, StartedFlow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet

    from target_klaviyo.flows import LiveFlows

logger = logging.getLogger("target-klaviyo")


class FlowsWouldStartError(SettingError):
    """A first load would start live flows; whoever runs it must accept that or pause them."""


class FirstLoad:
    """Gathers what a load fills and compares it with the account's live flows.

    Args:
        refuses: raise as soon as something that is filled would start a live flow.
        looks: gather at all; without it nothing is read. Both are asked when something is filled.
    """

    def __init__(
        self, flows: LiveFlows, *, refuses: Callable[[], bool], looks: Callable[[], bool]
    ) -> None:
        self._flows = flows
        self._refuses = refuses
        self._looks = looks
        self._lock = threading.Lock()
        self._lists: set[str] = set()
        self._properties: set[str] = set()
        self._attributes: set[str] = set()
        self._metrics: set[str] = set()
        self._history: set[str] = set()
        self._channels: set[str] = set()
        self._told = False

    def fills(self, columns: AbstractSet[str]) -> None:
        """Profiles get these columns."""
        custom = columns - payloads.STANDARD
        self._more(self._properties, custom)
        self._more(self._attributes, columns & payloads.STANDARD)

    def adds(self, list_id: str | None) -> None:
        """People are added to this list."""
        if list_id is not None:
            self._more(self._lists, (list_id,))

    def happens(self, metric: str, *, backfill: bool) -> None:
        """An event of this metric is sent."""
        self._more(self._history if backfill else self._metrics, (metric,))

    def consents(self, channels: Iterable[str]) -> None:
        """Consent is written."""
        self._more(self._channels, channels)

    @property
    def visible(self) -> bool:
        """Whether the key may look at flows."""
        return self._flows.visible

    def started(self) -> list[StartedFlow]:
        """Live flows that all of this would start."""
        return self._flows.started_by(self._load())

    def _more(self, known: set[str], new: Iterable[str]) -> None:
        if known.issuperset(new) or not self._looks():
            return
        with self._lock:
            known.update(new)
        if not self._refuses():
            return
        if not self.visible:
            if not self._told:
                self._told = True
                logger.warning(
                    "First load: whether it would start live flows could not be looked at, as "
                    "the key lacks flows:read. Make sure in Klaviyo that none would."
                )
            return
        if started := self.started():
            told = "; ".join(f"'{each.name}' ({each.reason})" for each in started)
            raise FlowsWouldStartError(
                f"This first load would start {len(started)} live flow(s): {told}. Nothing that "
                "starts them was sent. Set them to draft or manual in Klaviyo until it is done, "
                "or set accept_flows to true (or first_load to false if it is no first load)."
            )

    def _load(self) -> Load:
        with self._lock:
            return Load(
                list_ids=frozenset(self._lists),
                properties=frozenset(self._properties),
                attributes=frozenset(self._attributes),
                metrics=frozenset(self._metrics),
                history=frozenset(self._history),
                consents=frozenset(self._channels),
            )
