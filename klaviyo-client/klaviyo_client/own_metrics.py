"""Klaviyo's own metrics by the names they have and had, and all metrics of an account.

Ids differ from account to account, so a metric is known by name and integration. Text messages were
called SMS in these names until July 2026; accounts may still show the old ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client.limits import GET_METRICS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from klaviyo_client.session import KlaviyoSession

EMAIL, SMS, PUSH = "email", "sms", "push"
CUSTOM = "custom"
JOINED_LIST, LEFT_LIST = "joined_list", "left_list"
ENGAGEMENT = frozenset(
    {"received", "opened", "clicked", "bounced", "dropped", "spam", "unsubscribed", "subscribed"}
)
"""Types that say what a person did, or what befell them, with a message or a channel."""

_OWN: dict[str, tuple[str, str | None]] = {
    "Received Email": ("received", EMAIL),
    "Opened Email": ("opened", EMAIL),
    "Clicked Email": ("clicked", EMAIL),
    "Bounced Email": ("bounced", EMAIL),
    "Dropped Email": ("dropped", EMAIL),
    "Marked Email as Spam": ("spam", EMAIL),
    "Subscribed to Email Marketing": ("subscribed", EMAIL),
    "Unsubscribed from Email Marketing": ("unsubscribed", EMAIL),
    "Unsubscribed": ("unsubscribed", EMAIL),  # until 2023
    "Received Text Message": ("received", SMS),
    "Clicked Text Message": ("clicked", SMS),
    "Failed to Deliver Text Message": ("bounced", SMS),
    "Subscribed to Text Messaging Marketing": ("subscribed", SMS),
    "Unsubscribed from Text Messaging Marketing": ("unsubscribed", SMS),
    "Received SMS": ("received", SMS),
    "Clicked SMS": ("clicked", SMS),
    "Failed to Deliver SMS": ("bounced", SMS),
    "Subscribed to SMS Marketing": ("subscribed", SMS),
    "Consented to Receive SMS": ("subscribed", SMS),
    "Unsubscribed from SMS Marketing": ("unsubscribed", SMS),
    "Unsubscribed from SMS": ("unsubscribed", SMS),
    "Received Push": ("received", PUSH),
    "Opened Push": ("opened", PUSH),
    "Bounced Push": ("bounced", PUSH),
    "Subscribed to List": (JOINED_LIST, None),
    "Unsubscribed from List": (LEFT_LIST, None),
}
_BY_NAME = {name.casefold(): meaning for name, meaning in _OWN.items()}
OWN_NAMES = frozenset(_OWN)


class Metric(NamedTuple):
    """One metric of an account; `type` is CUSTOM for what Klaviyo does not write itself."""

    id: str
    name: str
    integration: str | None
    category: str | None
    created: str | None
    updated: str | None
    type: str
    channel: str | None


class Metrics:
    """All metrics of an account."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self.all = tuple(metrics)

    def of(self, types: Collection[str]) -> list[Metric]:
        """Klaviyo's own metrics of these types, of every channel, under whichever name."""
        return [each for each in self.all if each.type != CUSTOM and each.type in types]

    def named(self, name: str) -> list[Metric]:
        """Metrics of this name that are not in `of`: one for each integration that writes it."""
        wanted = name.strip().casefold()
        return [m for m in self.all if m.type == CUSTOM and m.name.casefold() == wanted]


def read(session: KlaviyoSession) -> Metrics:
    """Read an account's metrics, one request for two hundred.

    Raises:
        DeniedError: the key lacks metrics:read.
    """
    pages = session.pages(GET_METRICS, **{"fields[metric]": "name,created,updated,integration"})
    return Metrics(metric(each) for page in pages for each in page["data"])


def metric(resource: dict[str, Any]) -> Metric:
    """A metric of its resource."""
    attributes = resource["attributes"]
    name = str(attributes.get("name") or "")
    integration = attributes.get("integration") or {}
    own = "klaviyo" in {str(integration.get(key)).casefold() for key in ("key", "name")}
    meaning = _BY_NAME.get(name.strip().casefold()) if own else None
    kind, channel = meaning or (CUSTOM, None)
    return Metric(
        id=str(resource["id"]),
        name=name,
        integration=integration.get("name"),
        category=integration.get("category"),
        created=attributes.get("created"),
        updated=attributes.get("updated"),
        type=kind,
        channel=channel,
    )
