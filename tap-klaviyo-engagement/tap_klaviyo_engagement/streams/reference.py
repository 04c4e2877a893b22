"""Lists, segments, campaigns and flows of the account; nothing here is about one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klaviyo_client.limits import GET_CAMPAIGNS, GET_FLOWS, GET_LISTS, GET_SEGMENTS
from singer_outcomes.bookmark import moment
from typing_extensions import override

from tap_klaviyo_engagement.client import ChangingStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from klaviyo_client.catalogue import Campaign, Flow, Group
    from singer_sdk.helpers.types import Record


class CataloguedStream(ChangingStream):
    """Something that Klaviyo gives whole; what did not change since is left out here."""

    def everything(self) -> Iterable[Record]:
        """All there is, in any order."""
        raise NotImplementedError

    @override
    def records(self) -> Iterator[Record]:
        since = self.bookmark.since or ""
        found = [each for each in self.everything() if (each["updated_at"] or since) >= since]
        yield from sorted(found, key=lambda each: each["updated_at"] or "")


class ListsStream(CataloguedStream):
    """Lists of the account."""

    name = "lists"
    operations = (GET_LISTS,)

    @override
    def everything(self) -> Iterable[Record]:
        for each in self.run.catalogue.lists.values():
            yield {**_group(each), "opt_in_process": each.attributes.get("opt_in_process")}


class SegmentsStream(CataloguedStream):
    """Segments of the account."""

    name = "segments"
    operations = (GET_SEGMENTS,)

    @override
    def everything(self) -> Iterable[Record]:
        flags = ("is_active", "is_processing", "is_starred")
        for each in self.run.catalogue.segments.values():
            yield {**_group(each), **{flag: each.attributes.get(flag) for flag in flags}}


class CampaignsStream(CataloguedStream):
    """Campaigns of every channel, archived ones too, with their messages."""

    name = "campaigns"
    operations = (GET_CAMPAIGNS,)

    @override
    def everything(self) -> Iterable[Record]:
        return map(_campaign, self.run.catalogue.campaigns.values())


class FlowsStream(CataloguedStream):
    """Flows, archived ones too, with their messages in order."""

    name = "flows"
    operations = (GET_FLOWS,)

    @override
    def everything(self) -> Iterable[Record]:
        return map(_flow, self.run.catalogue.flows.values())


def _group(each: Group) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "created_at": moment(each.attributes.get("created")),
        "updated_at": moment(each.attributes.get("updated")),
    }


def _campaign(each: Campaign) -> Record:
    return {
        "id": each.id,
        "name": each.name,
        "channel": each.channel,
        "status": each.status,
        "archived": each.archived,
        "send_time": moment(each.send_time),
        "message_ids": [message.id for message in each.messages],
        "messages": [
            {
                "id": message.id,
                "label": message.name,
                "subject": message.subject,
                "channel": message.channel,
            }
            for message in each.messages
        ],
        "included": list(each.included),
        "excluded": list(each.excluded),
        "created_at": moment(each.created_at),
        "updated_at": moment(each.updated_at),
    }


def _flow(each: Flow) -> Record:
    return {
        "id": each.id,
        "name": each.name,
        "status": each.status,
        "archived": each.archived,
        "trigger_type": each.trigger_type,
        "steps": each.graph.steps,
        "longest_seconds": int(each.graph.longest.total_seconds()) if each.graph.readable else None,
        "messages": [
            {
                "id": message.id,
                "name": message.name,
                "subject": message.subject,
                "channel": message.channel,
                "action_id": message.action_id,
                "position": message.position,
                "delay_seconds_before": int(message.before.total_seconds()),
            }
            for message in each.graph.messages
        ],
        "created_at": moment(each.created_at),
        "updated_at": moment(each.updated_at),
    }
