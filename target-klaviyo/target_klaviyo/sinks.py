"""From record to row: normalise, shape, hand over to the queue of the kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from klaviyo_client.limits import (
    MAX_CUSTOM_PROPERTIES,
    MAX_EMAIL,
    MAX_EXTERNAL_ID,
    MAX_PROFILE_BYTES,
)
from phonenumbers import SUPPORTED_REGIONS
from singer_outcomes.identifiers import email_address, phone_number
from singer_outcomes.loader import ERASED
from singer_outcomes.rejects import RejectedError
from singer_outcomes.sink import OutcomeSink, WithheldError
from singer_outcomes.tombstones import theirs_alone
from typing_extensions import override

from target_klaviyo import consents, payloads
from target_klaviyo.guards import Guard
from target_klaviyo.imports import PHONE_TAKEN
from target_klaviyo.lists import UnknownListError
from target_klaviyo.members import ADD, MIRROR, REMOVE
from target_klaviyo.replaying import again
from target_klaviyo.shipments import encode
from target_klaviyo.suppressing import SUPPRESS, UNSUPPRESS

if TYPE_CHECKING:
    from target_klaviyo.target import TargetKlaviyo

Record = dict[str, Any]


class KlaviyoSink(OutcomeSink):
    """A stream of records about people."""

    target: TargetKlaviyo

    def __init__(self, target: TargetKlaviyo, stream_name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(target, stream_name, *args, **kwargs)
        self.kind = stream_name.partition("__")[0]  # of the stream

    def normalise(
        self, record: Record, *, erased_too: bool = False, else_known: bool = False
    ) -> tuple[str, ...]:
        """Put the identifiers into Klaviyo's form, in place; returns those that are there.

        A malformed address rejects the record, unless what else there is will do (`else_known`).
        A phone number that no network knows is left out and counted: the person is still worth
        having.

        Raises:
            WithheldError: the person is erased.
        """
        people = []
        target = self.target
        if email := record.get("email"):
            address = record["email"] = email_address(str(email), MAX_EMAIL)
            if address is not None:
                people.append(address)
            elif else_known:
                target.summary.note("email left out: not an address")
            else:
                raise RejectedError("email is not an address", column="email")
        if phone := record.get("phone_number"):
            # People write their number as is usual in their own country.
            country = str(record.get("country") or "").upper()
            known = country in SUPPORTED_REGIONS
            number = phone_number(str(phone), country if known else target.phone_region)
            record["phone_number"] = number
            if number is None:
                target.summary.note("phone number left out: not valid")
            else:
                people.append(number)
        if external_id := record.get("external_id"):
            record["external_id"] = str(external_id)
            if len(record["external_id"]) > MAX_EXTERNAL_ID:
                raise RejectedError("external_id is over 255 characters", column="external_id")
            people.append(f"id:{external_id}")
        if not erased_too and target.anybody_erased and target.erased(theirs_alone(tuple(people))):
            raise WithheldError(ERASED)
        return tuple(people)

    def queue(
        self,
        *,
        identity: str,
        people: tuple[str, ...],
        body: bytes,
        context: Record,
        group: str = "",
    ) -> None:
        """Hand one row over."""
        if len(body) > MAX_PROFILE_BYTES:
            raise RejectedError("the profile is over 100,000 bytes, the most that Klaviyo takes")
        self.target.loader.add(
            self.kind,
            identity=identity,
            people=people,
            body=body,
            sink=self,
            key=context["key"],
            group=group,
        )

    def requeue(self, payload: Record, *, key: str) -> None:
        """Hand a row over once more that Klaviyo refused, as the rejects file keeps it."""
        row = again(self.kind, payload)
        if self.kind != "deletions" and self.target.erased(theirs_alone(row.people)):
            raise WithheldError(ERASED)
        self.queue(**row._asdict(), context={"key": key})

    def list_id(self, record: Record) -> str | None:
        """The list that a record names, by id or by name; None where it names none."""
        lists = self.target.lists
        if named := record.get("list_id"):
            try:
                return lists.by_id(str(named))
            except UnknownListError:
                raise RejectedError(
                    "list_id is none of the account's lists", column="list_id"
                ) from None
        if named := record.get("list_name"):
            return lists.by_name(str(named))
        return None


class PropertiesSink(KlaviyoSink):
    """Records whose other columns become properties; what looks sensitive is left out."""

    def __init__(self, target: TargetKlaviyo, *args: Any, **kwargs: Any) -> None:
        super().__init__(target, *args, **kwargs)
        self.guard = Guard(
            set(self.schema["properties"]) - payloads.STANDARD,
            allowed=self.config.get("allowed_columns") or (),
        )
        for name in sorted(self.guard.names):
            self.logger.warning(
                "The column '%s' of '%s' looks sensitive by its name and is left out. If it is "
                "not, name it in allowed_columns.",
                name,
                self.stream_name,
            )

    def without_sensitive(self, record: Record) -> None:
        """Drop what must not leave, in place, and count it."""
        for name in self.guard.names:
            if record.get(name) is not None:
                self.target.summary.note(f"{self.stream_name}: left out {name} (by its name)")
        for dropped in self.guard.clean(record):
            self.target.summary.note(f"{self.stream_name}: left out {dropped}")


class ProfilesSink(PropertiesSink):
    """`profiles`: a person's attributes and custom properties, by bulk import."""

    def __init__(self, target: TargetKlaviyo, *args: Any, **kwargs: Any) -> None:
        # Not in setup(): the SDK logs an error of its own, without a reason, over what fails there.
        target.resolve_list()
        super().__init__(target, *args, **kwargs)
        custom = set(self.schema["properties"]) - payloads.ATTRIBUTES - payloads.LOCATION
        if len(custom) > MAX_CUSTOM_PROPERTIES:
            self.logger.warning(
                "%d custom properties: above %d, lists and segments in Klaviyo get hard to use. "
                "Leave columns out in stream_maps.",
                len(custom),
                MAX_CUSTOM_PROPERTIES,
            )
        self._phones = target.phones
        left = self.guard.names | target.ownership.klaviyos
        target.first_load.fills(set(self.schema["properties"]) - left)
        target.first_load.adds(target.default_list)

    @override
    def process_record(self, record: Record, context: Record) -> None:
        self.target.ownership.leave(record)
        people = self.normalise(record)
        if record.get("email") and (number := record.get("phone_number")):
            owner = record.get("external_id") or record["email"]
            taken = (record["email"], number) in self.target.imports.phone_taken
            if taken or self._phones.of_another(number, owner):
                record["phone_number"] = None
                people = tuple(each for each in people if each != number)
                self.target.summary.note(PHONE_TAKEN)
        self.without_sensitive(record)
        body = encode(payloads.profile(record))
        self.queue(identity=people[0], people=people, body=body, context=context)


class EventsSink(PropertiesSink):
    """`events`: things people did, by bulk create; each once, by its unique_id."""

    @override
    def process_record(self, record: Record, context: Record) -> None:
        if record.get("email"):
            record.pop("phone_number", None)  # both might belong to two profiles
        people = self.normalise(record)
        if not record.get("unique_id") and not context["key"]:
            raise RejectedError("an event needs a unique_id, or a stream with a key to make one of")
        self.without_sensitive(record)
        event = payloads.event(
            record,
            unique_id=f"{self.stream_name}:{context['key']}",
            now=self.target.now(),
            history=self.target.history,
        )
        attributes = event["attributes"]["events"]["data"][0]["attributes"]
        backfill = bool(attributes.get("backfill"))
        self.target.first_load.happens(record["metric"], backfill=backfill)
        self.target.loader.add(
            "events",
            identity=f"{people[0]}|{record['metric']}|{attributes['unique_id']}",
            people=people,
            body=encode(event),
            sink=self,
            key=context["key"],
        )


class SubscriptionsSink(KlaviyoSink):
    """`subscriptions`: consent to e-mail and SMS, and its end, each with its time."""

    def __init__(self, target: TargetKlaviyo, *args: Any, **kwargs: Any) -> None:
        target.resolve_list()
        super().__init__(target, *args, **kwargs)

    @override
    def process_record(self, record: Record, context: Record) -> None:
        written = str(record.get("phone_number") or "")
        no_texts = written and str(record.get("sms_consent")).lower() in {"false", "unsubscribed"}
        people = self.normalise(record, else_known=bool(no_texts))  # an objection always travels
        said, left_out = consents.statement(
            record, list_id=self.list_id(record), now=self.target.now()
        )
        if not written.startswith(("+", "00")) and not record.get("country"):
            said.digits, said.of = re.sub(r"\D", "", written).lstrip("0"), record.get("email")
        self.target.first_load.consents(said.channels)
        if any(
            each.subscribed and self.target.is_young(each.at) for each in said.channels.values()
        ):
            # An ordinary subscribe; a historical one starts no flow of the list.
            self.target.first_load.adds(said.list_id or self.target.default_list)
        for reason in left_out:
            self.target.summary.note(f"{self.stream_name}: a channel {reason}")
        identity = consents.identity(record.get("email"), record.get("phone_number"), said.list_id)
        body = consents.encode(said)
        self.queue(identity=identity, people=people, body=body, context=context)


class SuppressionsSink(KlaviyoSink):
    """`suppressions`: addresses that must not be mailed any more."""

    @override
    def process_record(self, record: Record, context: Record) -> None:
        people = self.normalise(record)
        email = record.get("email")
        if not email:
            raise RejectedError("Klaviyo suppresses by email, and there is none", column="email")
        suppressed = flag(record, "suppressed", default=True)
        body = encode({"type": "profile", "attributes": {"email": email}})
        group = SUPPRESS if suppressed else UNSUPPRESS
        self.queue(identity=email, people=people, body=body, context=context, group=group)


class ListMembersSink(KlaviyoSink):
    """`list_members`: people put on a list or taken off; or a list that mirrors a group."""

    def __init__(self, target: TargetKlaviyo, *args: Any, **kwargs: Any) -> None:
        target.resolve_list()
        super().__init__(target, *args, **kwargs)

    @override
    def process_record(self, record: Record, context: Record) -> None:
        list_id = self.list_id(record) or self.target.default_list
        if list_id is None:
            raise RejectedError("no list: neither list_id nor list_name, and none is configured")
        mirror = flag(record, "mirror", default=False)
        self.target.mirrors.any |= mirror
        if record.get("email"):
            record.pop("phone_number", None)  # it might be another than the profile has
        people = self.normalise(record, else_known=bool(record.get("external_id")))
        resource: Record = {"type": "profile", "attributes": payloads.identity(record)}
        if profile_id := record.get("profile_id"):
            resource["id"] = str(profile_id)
            people = (*people, f"profile:{profile_id}")
        if not people:
            if not mirror:
                raise RejectedError("nobody is named: no email, phone_number, external_id or id")
            self.target.mirrors.declare(str(list_id))
            self.target.summary.count(self.stream_name, "unchanged")
            return
        member = flag(record, "member", default=True)
        action = REMOVE if not member else MIRROR if mirror else ADD
        if action != REMOVE:
            self.target.first_load.adds(str(list_id))
        self.queue(
            identity=f"{people[0]}|{list_id}",
            people=people,
            body=encode(resource),
            context=context,
            group=f"{action}:{list_id}",
        )


class DeletionsSink(KlaviyoSink):
    """`deletions`: erased people, whose profiles are deleted."""

    @override
    def process_record(self, record: Record, context: Record) -> None:
        others = any(record.get(each) for each in ("phone_number", "external_id", "profile_id"))
        people = self.normalise(record, erased_too=True, else_known=others)
        identifiers = payloads.identity(record)
        if profile_id := record.get("profile_id"):
            identifiers["id"] = str(profile_id)
            people = (*people, f"profile:{profile_id}")
        if not people:
            raise RejectedError("nobody is named: no email, phone_number, external_id or id")
        self.target.erase(theirs_alone(people))
        body = encode(identifiers)
        self.queue(identity=people[0], people=people, body=body, context=context)


def flag(record: Record, column: str, *, default: bool) -> bool:
    """A yes or no; what a stream map makes of one is text."""
    value = record.get(column)
    if value is None:
        return default
    text = str(value).lower()
    if text not in {"true", "false"}:
        raise RejectedError(f"{column} is neither true nor false", column=column)
    return text == "true"
