"""From record to row: normalise, shape, hand over to the queue of the kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_outcomes.identifiers import email_address, phone_number
from singer_outcomes.loader import ERASED
from singer_outcomes.rejects import RejectedError
from singer_outcomes.sink import OutcomeSink, WithheldError
from typing_extensions import override

from target_nevent.fans import Named
from target_nevent.kinds import FLOW_STATUS, encode
from target_nevent.moments import at_most, time_of

if TYPE_CHECKING:
    from target_nevent.target import TargetNevent

Record = dict[str, Any]
TYPES = frozenset(
    ["RECEIVED", "OPENED", "CLICKED", "BOUNCED", "DROPPED", "SPAM", "UNSUBSCRIBED", "FLOW_STATUS"]
)
NOT_NEVENTS = frozenset({"SUBSCRIBED", "CUSTOM"})  # types of the tap that are no interaction
CHANNELS = frozenset({"EMAIL", "SMS", "PUSH"})
NO_NEWSLETTER = "no newsletter to sign up to: set newsletter_id, then read all members once more"
OURS = "USER_SUPPRESSED"  # why somebody is suppressed in Klaviyo whose consent was withdrawn


_OF_SIGNUP = ("first_name", "last_name", "source", "list_name")

_OF_INTERACTION = (
    *("campaign_id", "campaign_name", "flow_id", "flow_name", "flow_status"),
    *("message_name", "subject", "url"),
)


class NeventSink(OutcomeSink):
    """A stream of records about people."""

    target: TargetNevent

    def __init__(self, target: TargetNevent, *args: Any, **kwargs: Any) -> None:
        # Not in setup(): the SDK logs an error of its own, without a reason, over what fails there.
        target.prepare()
        super().__init__(target, *args, **kwargs)
        self._identifying = set(Named._fields) & set(self.schema["properties"])

    def named(self, record: Record) -> Named | None:
        """Whom a record is about; None where it has nothing to find them by, which is counted.

        A phone number that no network knows, and an address that is none where the person has
        another identifier, are left out and counted.

        Raises:
            RejectedError: nobody is named.
            WithheldError: the person is erased.
        """
        if self._identifying and not any(record.get(name) for name in self._identifying):
            self.target.summary.count(self.stream_name, "unknown")
            return None
        external_id = str(record.get("external_id") or "") or None
        email = number = None
        if written := record.get("phone_number"):
            number = phone_number(str(written), self.target.phone_region)
            if number is None:
                self.target.summary.note("phone number left out: not valid")
        if written := record.get("email"):
            email = email_address(str(written))
            if email is None and not (external_id or number):
                raise RejectedError("email is not an address", column="email")
            if email is None:
                self.target.summary.note("email left out: not an address")
        named = Named(external_id, email, number)
        if not named.people:
            raise RejectedError("nobody is named: no external_id, email or usable phone_number")
        if self.target.erased(named._replace(phone_number=None).people):
            raise WithheldError(ERASED)  # a number may be somebody else's as well
        return named

    def queue(
        self, named: Named, record: Record, *, of: str, key: str, kind: str | None = None
    ) -> None:
        """Hand one row over; `of` is what of the person it is about, `kind` that of its queue."""
        self.target.loader.add(
            kind or self.stream_name.partition("__")[0],
            identity=f"{named.people[0]}|{of}",
            people=named.people,
            body=encode({**named._asdict(), **record}),
            sink=self,
            key=key,
        )

    def requeue(self, payload: Any, *, key: str) -> None:
        """Hand a row over once more that Nevent refused, as the rejects file keeps it."""
        if not isinstance(payload, dict):
            raise RejectedError("the payload in the rejects file is not of its stream's form")
        self.process_record(payload, {"key": key})


class PreferencesSink(NeventSink):
    """`preferences`: a channel that somebody wants no more."""

    @override
    def process_record(self, record: Record, context: Record) -> None:
        channel = str(record.get("channel") or "").lower()
        if channel == "whatsapp":
            raise WithheldError("WhatsApp is Nevent's alone")
        if channel not in {"email", "sms"}:
            raise RejectedError("channel is neither email nor sms", column="channel")
        status = str(record.get("status") or "").lower()
        if status != "unsubscribed":
            raise WithheldError("no opt-out: only those change preferences")
        if record.get("reason") == OURS:
            raise WithheldError("suppressed in Klaviyo by the account, not by the person")
        if (named := self.named(record)) is None:
            return
        at = time_of(record, "changed_at")
        self.queue(
            named,
            {
                "channel": channel,
                "status": status,
                "changed_at": at.isoformat() if at else None,
                "reason": record.get("reason"),
            },
            of=channel,
            key=context["key"],
        )


class SubscribersSink(NeventSink):
    """`subscribers`: somebody who signed up, with the time of the consent."""

    def __init__(self, target: TargetNevent, *args: Any, **kwargs: Any) -> None:
        super().__init__(target, *args, **kwargs)
        target.prepare_signups()

    @override
    def process_record(self, record: Record, context: Record) -> None:
        consent = record.get("email_consent")
        if consent is not None and str(consent).upper() not in {"SUBSCRIBED", "TRUE"}:
            raise WithheldError("no consent to e-mail in Klaviyo")
        if record.get("email_suppression"):
            raise WithheldError("suppressed in Klaviyo")
        if not record.get("email"):
            raise RejectedError("email is missing: a newsletter goes there", column="email")
        if email_address(str(record["email"])) is None:
            raise RejectedError("email is not an address", column="email")
        if (named := self.named(record)) is None:
            return
        at = time_of(record, "consented_at")
        if at is None:
            raise RejectedError(
                "consented_at is missing: no consent without its time", column="consented_at"
            )
        if at < self.target.import_since:
            raise WithheldError("consented before import_since")
        newsletter = str(record.get("newsletter_id") or self.config.get("newsletter_id") or "")
        if not newsletter:
            raise WithheldError(NO_NEWSLETTER)
        told = {
            name: record.get(name) for name in ("first_name", "last_name", "source", "list_name")
        }
        told |= {"consented_at": at.isoformat(), "newsletter_id": newsletter}
        self.queue(named, told, of=newsletter, key=context["key"])


class EngagementSink(NeventSink):
    """`engagement`: what somebody did with a mail, or where somebody stands in a flow."""

    @override
    def process_record(self, record: Record, context: Record) -> None:
        known_by = str(record.get("id") or "")
        if not known_by:
            raise RejectedError("id is missing: an interaction is known by it", column="id")
        kind = str(record.get("type") or "").upper()
        if kind in NOT_NEVENTS:
            raise WithheldError("no interaction of Nevent's")
        if kind not in TYPES:
            raise RejectedError("type is none of Nevent's", column="type")
        channel = str(record.get("channel") or "email").upper()
        if channel not in CHANNELS:
            raise RejectedError("channel is none of email, sms and push", column="channel")
        if kind == "FLOW_STATUS" and not (record.get("flow_id") and record.get("flow_status")):
            raise RejectedError("a FLOW_STATUS needs flow_id and flow_status")
        if (named := self.named(record)) is None:
            return
        at = time_of(record, "at")
        if at is None:
            raise RejectedError("at is missing: when it happened", column="at")
        told = {name: str(record[name]) for name in _OF_INTERACTION if record.get(name)}
        told |= {"id": known_by, "type": kind, "channel": channel}
        told["at"] = at_most(at, self.target.calls.now()).isoformat(timespec="milliseconds")
        queue = FLOW_STATUS.name if kind == FLOW_STATUS.name.upper() else None
        self.queue(named, told, of=known_by, key=context["key"], kind=queue)


class FansSink(NeventSink):
    """`fans`: what Klaviyo knows better of people whom Nevent has."""

    def __init__(self, target: TargetNevent, *args: Any, **kwargs: Any) -> None:
        super().__init__(target, *args, **kwargs)
        target.owned.check()
        named = {"external_id", "email", *target.owned.columns}
        self.left_out = sorted(set(self.schema["properties"]) - named)

    @override
    def process_record(self, record: Record, context: Record) -> None:
        values = record.get("values")
        if isinstance(values, dict):  # as a payload of the rejects file has it
            values = {name: values[name] for name in self.target.owned.columns if name in values}
        else:
            values = self.target.owned.of(record)
            for name in self.left_out:
                if record.get(name) is not None:
                    self.target.summary.note(f"{self.stream_name}: left out {name} (Nevent's own)")
        if (named := self.named(record)) is None:
            return
        if "phone_number" in values:
            values["phone_number"] = named.phone_number
            if named.phone_number is None:
                del values["phone_number"]
        if not self.target.owned.columns:
            raise WithheldError("no field of fans is Klaviyo's (owners)")
        self.queue(named._replace(phone_number=None), {"values": values}, of="", key=context["key"])
