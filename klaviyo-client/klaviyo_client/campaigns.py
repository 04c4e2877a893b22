"""Campaigns with their messages, of every channel, archived or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client.limits import GET_CAMPAIGNS, MAX_CAMPAIGNS_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klaviyo_client.session import KlaviyoSession

Resource = dict[str, Any]

CHANNELS = {"email": "email", "sms": "sms", "mobile_push": "push"}  # Klaviyo's name → ours


class Message(NamedTuple):
    """What was sent: a message of a campaign or of a flow."""

    id: str
    name: str | None
    subject: str | None
    channel: str
    campaign_id: str | None = None
    campaign_name: str | None = None
    flow_id: str | None = None
    flow_name: str | None = None


class Campaign(NamedTuple):
    """A campaign; times are as Klaviyo writes them, audiences are ids of lists and segments."""

    id: str
    name: str
    channel: str
    status: str
    archived: bool
    send_time: str | None
    created_at: str | None
    updated_at: str | None
    included: tuple[str, ...]
    excluded: tuple[str, ...]
    messages: tuple[Message, ...]


def campaigns(session: KlaviyoSession) -> Iterator[Campaign]:
    """All campaigns of the account: six requests and one more for each further hundred.

    Raises:
        DeniedError: the key lacks campaigns:read.
    """
    for told, channel in CHANNELS.items():
        for archived in ("false", "true"):  # unasked, Klaviyo leaves archived ones out
            asked = {
                "filter": f'and(equals(messages.channel,"{told}"),equals(archived,{archived}))',
                "include": "campaign-messages",
                "sort": "created_at",
                "page[size]": str(MAX_CAMPAIGNS_PAGE),
            }
            for page in session.pages(GET_CAMPAIGNS, **asked):
                messages = {each["id"]: each for each in page.get("included") or ()}
                for each in page["data"]:
                    yield _campaign(each, channel, messages)


def _campaign(resource: Resource, channel: str, messages: dict[str, Resource]) -> Campaign:
    attributes = resource["attributes"]
    audiences = attributes.get("audiences") or {}
    related = resource["relationships"]["campaign-messages"].get("data") or ()
    included = [messages[each["id"]] for each in related if each["id"] in messages]
    return Campaign(
        resource["id"],
        str(attributes["name"]),
        channel,
        attributes["status"],
        bool(attributes["archived"]),
        attributes.get("send_time"),
        attributes.get("created_at"),
        attributes.get("updated_at"),
        tuple(audiences.get("included") or ()),
        tuple(audiences.get("excluded") or ()),
        tuple(_message(resource, channel, each) for each in included),
    )


def _message(campaign: Resource, channel: str, resource: Resource) -> Message:
    name = str(campaign["attributes"]["name"])
    definition = resource["attributes"].get("definition") or {}
    content = definition.get("content") or {}
    return Message(
        resource["id"],
        definition.get("label") or name,
        content.get("subject") or content.get("title"),
        channel,
        campaign_id=campaign["id"],
        campaign_name=name,
    )
