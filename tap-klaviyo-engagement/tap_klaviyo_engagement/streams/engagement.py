"""What each person did with which message, and which campaigns reached them."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from klaviyo_client.own_metrics import CUSTOM, ENGAGEMENT
from typing_extensions import override

from tap_klaviyo_engagement.events import (
    NOBODY,
    NOTHING,
    CustomEvent,
    Event,
    OwnProperties,
    written,
)
from tap_klaviyo_engagement.sharing import EventStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from klaviyo_client.catalogue import Message
    from klaviyo_client.own_metrics import Metric
    from singer_sdk.helpers.types import Record

    from tap_klaviyo_engagement.events import Happening

_YES = frozenset({True, "true", "True", "1"})


class EngagementStream(EventStream):
    """One row for everything that a person did, or that befell them, with a message."""

    name = "engagement"
    types = ENGAGEMENT

    @cached_property
    @override
    def metrics(self) -> list[Metric]:
        further = {each.id: each for name in self.config["metrics"] for each in self._named(name)}
        return [*self.run.metrics.of(self.types), *further.values()]

    @override
    def shape(self, metric: Metric) -> Callable[[Happening], Record | None]:
        named = lru_cache(maxsize=4096)(self._names)
        fixed = {
            **dict.fromkeys(self._columns),
            "type": metric.type,
            "channel": metric.channel,
            "metric_id": metric.id,
            "metric_name": metric.name,
            "attributed": False,
        }

        def row(told: OwnProperties) -> Record:
            """What all events with these properties have in common."""
            message, flow, more = _own(told)
            return {**fixed, **named(message, flow, more.pop("name")), **more}

        rows = lru_cache(maxsize=4096)(row)

        def own(happening: Happening) -> Record:
            told = _told(happening)
            try:
                record = rows(told).copy()
            except TypeError:  # properties of any type: a list cannot be looked up
                record = row(told)
            record.update(_what(happening))
            return record

        def custom(happening: Happening) -> Record:
            message, flow, more = _custom(happening)
            return {**fixed, **_what(happening), **named(message, flow, None), **more}

        return custom if metric.type == CUSTOM else own

    def _named(self, name: str) -> list[Metric]:
        found = self.run.metrics.named(name)
        if not found:
            self.log(
                "Klaviyo has no metric '%s' yet (setting metrics): a metric is made by its first "
                "event. Its events are read from the run after that on.",
                name,
                level=30,
            )
        return found

    def _names(self, message_id: str | None, flow_id: str | None, name: str | None) -> Record:
        """Ids and names of what was sent; `name` is what the event says, for what is not known."""
        known = self.run.catalogue.message(message_id, flow_id) if message_id else None
        names: Record = {"message_id": message_id, "flow_id": flow_id}
        names["message_name" if flow_id else "campaign_name"] = name
        if known is not None:
            names["subject"] = known.subject
            names["message_name"] = known.name or names.get("message_name")
            if flow_id:
                names["flow_name"] = known.flow_name
            else:
                names["campaign_id"] = known.campaign_id
                names["campaign_name"] = known.campaign_name or name
        return names


class FanCampaignsStream(EventStream):
    """One row per person and campaign message received."""

    name = "fan_campaigns"
    keys = ("profile_id", "message_id")
    changed_key = "received_at"
    types = frozenset({"received"})

    @override
    def shape(self, metric: Metric) -> Callable[[Happening], Record | None]:
        campaign = lru_cache(maxsize=4096)(self.run.catalogue.message)

        def record(happening: Happening) -> Record | None:
            message_id, flow, more = _own(_told(happening))
            person = _what(happening)
            if flow or not message_id or not person["profile_id"]:
                return None
            known: Message | None = campaign(message_id, None)
            return {
                "profile_id": person["profile_id"],
                "external_id": person["external_id"],
                "email": person["email"],
                "campaign_id": known.campaign_id if known else None,
                "campaign_name": (known and known.campaign_name) or more["name"],
                "message_id": message_id,
                "channel": metric.channel,
                "subject": more.get("subject") or (known and known.subject),
                "received_at": person["at"],
                "event_id": person["id"],
            }

        return record


def _what(happening: Happening) -> Record:
    """Which event it was, when, and whose."""
    event = happening.event
    of = event.relationships.profile.data
    known = happening.profile.attributes if happening.profile else NOBODY
    return {
        "id": event.id,
        "at": written(happening.at),
        "profile_id": of.id if of else None,
        "external_id": known.external_id,
        "email": known.email,
        "phone_number": known.phone_number,
    }


def _told(happening: Happening) -> OwnProperties:
    """The properties of an event that Klaviyo wrote itself."""
    event = happening.event
    assert isinstance(event, Event)  # noqa: S101  # by the decoder of its metric
    return event.attributes.event_properties or NOTHING


def _own(told: OwnProperties) -> tuple[str | None, str | None, Record]:
    """Message, flow and columns of such properties."""
    more: Record = {"name": _text(told.name)}
    for column, value in (
        ("subject", told.subject),
        ("url", told.url),
        ("bounce_type", told.bounce_type),
        ("variation_id", told.variation),
    ):
        if value is not None:
            more[column] = _text(value)
    if told.machine_open is not None:
        more["machine_open"] = told.machine_open in _YES
    return _text(told.message), _text(told.flow), more


def _custom(happening: Happening) -> tuple[str | None, str | None, Record]:
    """Message, flow and columns of any other event, the message by its attribution."""
    event = happening.event
    assert isinstance(event, CustomEvent)  # noqa: S101  # by the decoder of its metric
    told = event.attributes.event_properties or {}
    more: Record = {
        "value": _number(told.get("$value")),
        "value_currency": _text(told.get("$currency_code")),
        "properties": {name: each for name, each in told.items() if not name.startswith("$")},
    }
    to = happening.attribution
    if to is None:
        return None, None, more
    flow = to.flow.data.id if to.flow.data else None
    message = to.flow_message.data if flow else to.message.data
    more["attributed"] = True
    if to.campaign.data and not flow:
        more["campaign_id"] = to.campaign.data.id
    if to.variation.data:
        more["variation_id"] = to.variation.data.id
    return message.id if message else None, flow, more


def _text(value: Any) -> str | None:
    """A property that should be text."""
    return value if value is None or isinstance(value, str) else str(value)


def _number(value: Any) -> float | None:
    """A property that should be a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
