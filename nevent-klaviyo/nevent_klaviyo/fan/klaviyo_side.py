"""What Klaviyo knows of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from klaviyo_client.catalogue import Catalogue
from klaviyo_client.flow_status import standing
from klaviyo_client.limits import GET_EVENTS, GET_PROFILE_LISTS, MAX_EVENTS_PAGE
from klaviyo_client.own_metrics import metric

from nevent_klaviyo.fan.engagement import Engagement, Happening, Letter, received
from nevent_klaviyo.instants import instant, iso
from nevent_klaviyo.sides import KLAVIYO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klaviyo_client.flows import Flow

    from nevent_klaviyo.sides import Problems, Sides

Row = dict[str, Any]

FLOW_UNKNOWN = "flow_unknown"  # gone, or the key may not read flows
_STANDARD = ("email", "phone_number", "external_id", "first_name", "last_name", "locale")


class KlaviyoSide:
    """Reads one person's blocks: lists, events, and what the ids in them are called."""

    def __init__(self, sides: Sides, problems: Problems, *, keep: int) -> None:
        self._session = sides.klaviyo
        self._problems = problems
        self._catalogue = Catalogue(sides.klaviyo)
        self._keep = keep

    def blocks(self, profile: Row) -> Row:
        """All blocks of a profile, by name; None for one that could not be read."""
        identifier, read = str(profile["id"]), self._problems.read
        events = read(KLAVIYO, "events", lambda: self._engagement(identifier))
        found = {
            "profile": described(profile),
            "consent": consent(profile["attributes"].get("subscriptions") or {}),
            "lists": read(KLAVIYO, "lists", lambda: self._lists(identifier)),
            "campaigns": events and [self._campaign(each) for each in events.campaigns],
            "flows": events and [self._flow(*each) for each in events.flows.items()],
            "engagement": events and totals(events),
            "events": events and [self._event(each) for each in events.last],
        }
        for kind, note in self._catalogue.notes.items():
            self._problems.note(KLAVIYO, kind, note)
        return found

    def _lists(self, identifier: str) -> list[Row]:
        found = self._session.get(GET_PROFILE_LISTS, path_id=identifier)["data"]
        return [{"id": each["id"], "name": each["attributes"].get("name")} for each in found]

    def _engagement(self, identifier: str) -> Engagement:
        return Engagement(self._happenings(identifier), keep=self._keep)

    def _happenings(self, identifier: str) -> Iterator[Happening]:
        """The person's events, the newest first; the metric of each comes with the page."""
        asked = {
            "filter": f'equals(profile_id,"{identifier}")',
            "sort": "-datetime",
            "include": "metric",
            "fields[event]": "timestamp,event_properties",
            "fields[metric]": "name,integration",
            "page[size]": str(MAX_EVENTS_PAGE),
        }
        for page in self._session.pages(GET_EVENTS, **asked):
            metrics = {each["id"]: metric(each) for each in page.get("included") or ()}
            for each in page["data"]:
                at = instant(each["attributes"]["timestamp"])
                of = metrics.get((each["relationships"]["metric"].get("data") or {}).get("id"))
                if at and of:
                    properties = each["attributes"].get("event_properties") or {}
                    yield Happening(each["id"], at, of, properties)

    def _campaign(self, letter: Letter) -> Row:
        known = self._catalogue.message(letter.message_id)
        return {
            "campaign_id": known.campaign_id if known else None,
            "campaign_name": (known and known.campaign_name) or letter.name,
            **self._letter(letter),
            "subject": letter.subject or (known and known.subject),
        }

    def _flow(self, flow_id: str, letters: list[Letter]) -> Row:
        flow = self._catalogue.flow(flow_id)
        return {
            "flow_id": flow_id,
            "flow_name": flow.name if flow else None,
            "flow_status": flow.status if flow else None,
            **self._standing(flow, letters),
            "messages": [self._message(flow_id, each) for each in letters],
        }

    def _standing(self, flow: Flow | None, letters: list[Letter]) -> Row:
        """Where the person stands, derived; nothing where the flow's messages are unknown."""
        now = self._session.now()
        found = standing(flow, received(letters), now) if flow else None
        if found is None:
            return {"status": None, "basis": None if flow else FLOW_UNKNOWN}
        return {
            "status": found.status,
            "basis": found.basis,
            "entered_at": iso(found.entered_at),
            "last_step_at": iso(found.last_step_at),
            "last_message_name": found.last_message_name,
            "step": found.step,
            "steps": found.steps,
        }

    def _message(self, flow_id: str, letter: Letter) -> Row:
        known = self._catalogue.message(letter.message_id, flow_id)
        return {
            "message_name": (known and known.name) or letter.name,
            **self._letter(letter),
            "subject": letter.subject or (known and known.subject),
        }

    def _letter(self, letter: Letter) -> Row:
        opened = letter.opened or letter.opened_by_machine
        return {
            "message_id": letter.message_id,
            "channel": letter.channel,
            "subject": letter.subject,
            "received_at": iso(min(letter.received, default=None)),
            "opens": len(letter.opened),
            "machine_opens": len(letter.opened_by_machine),
            "first_opened_at": iso(min(opened, default=None)),
            "clicks": len(letter.clicked),
            "first_clicked_at": iso(min(letter.clicked, default=None)),
            "urls": letter.urls,
            "others": letter.others,
        }

    def _event(self, happening: Happening) -> Row:
        """One event; what it was called, and of one about a message, which."""
        told, about = happening.properties, happening.message_id
        known = self._catalogue.message(about, happening.flow_id) if about else None
        name = known and (known.campaign_name or known.flow_name)
        return {
            "id": happening.id,
            "at": happening.at.isoformat(),
            "metric": happening.metric.name,
            "type": happening.metric.type,
            "about": name or told.get("Campaign Name") or told.get("event_name"),
            "machine_open": happening.by_machine,
            "value": told.get("$value"),
            "currency": told.get("$currency_code") or told.get("currency"),
            "properties": told,
        }


def described(profile: Row) -> Row:
    """The profile: who, where, and its own properties."""
    attributes = profile["attributes"]
    location = attributes.get("location") or {}
    return {
        "id": profile["id"],
        **{name: attributes.get(name) for name in _STANDARD},
        "city": location.get("city"),
        "country": location.get("country"),
        "created_at": iso(attributes.get("created")),
        "updated_at": iso(attributes.get("updated")),
        "last_event_at": iso(attributes.get("last_event_date")),
        "properties": attributes.get("properties") or {},
    }


def consent(subscriptions: Row) -> Row:
    """Marketing consent per channel, with times and what keeps mail away."""
    email = (subscriptions.get("email") or {}).get("marketing") or {}
    sms = (subscriptions.get("sms") or {}).get("marketing") or {}
    return {
        "email": {
            **_channel(email, "can_receive_email_marketing"),
            "double_opt_in": email.get("double_optin"),
            "suppressions": [
                {"reason": each.get("reason"), "at": iso(each.get("timestamp"))}
                for each in email.get("suppression") or ()
            ],
            "list_suppressions": [
                {
                    "list_id": each.get("list_id"),
                    "reason": each.get("reason"),
                    "at": iso(each.get("timestamp")),
                }
                for each in email.get("list_suppressions") or ()
            ],
        },
        "sms": _channel(sms, "can_receive_sms_marketing"),
    }


def totals(events: Engagement) -> Row:
    """How much there was of everything."""
    return {
        "events": events.total,
        "opens": events.total_of("opened"),
        "machine_opens": events.total_of("opened_by_machine"),
        "clicks": events.total_of("clicked"),
        "by_metric": dict(sorted(events.counts.items())),
    }


def _channel(block: Row, receiving: str) -> Row:
    return {
        "consent": block.get("consent"),
        "consented_at": iso(block.get("consent_timestamp")),
        "updated_at": iso(block.get("last_updated")),
        "can_receive": block.get(receiving),
        "method": block.get("method"),
        "source": block.get("custom_method_detail") or block.get("method_detail"),
    }
