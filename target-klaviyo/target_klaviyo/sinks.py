"""From record to row: normalise, shape, hand over to the queue of the kind."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from klaviyo_client.limits import (
    MAX_CUSTOM_PROPERTIES,
    MAX_EXTERNAL_ID,
    MAX_PROFILE_BYTES,
)
from phonenumbers import SUPPORTED_REGIONS
from singer_outcomes.rejects import RejectedError
from singer_outcomes.sink import OutcomeSink
from typing_extensions import override

from target_klaviyo import payloads
from target_klaviyo.identifiers import email_address, phone_number
from target_klaviyo.loader import PHONE_TAKEN
from target_klaviyo.shipments import encode

if TYPE_CHECKING:
    from target_klaviyo.target import TargetKlaviyo

Record = dict[str, Any]


class KlaviyoSink(OutcomeSink):
    """A stream of records about people."""

    target: TargetKlaviyo

    def normalise(self, record: Record) -> tuple[str, ...]:
        """Put the identifiers into Klaviyo's form, in place; returns those that are there.

        A malformed address rejects the record. A phone number that no network knows is left out
        and counted: the person is still worth having.
        """
        people = []
        if email := record.get("email"):
            address = email_address(str(email))
            if address is None:
                raise RejectedError("email is not an address", column="email")
            record["email"] = address
            people.append(address)
        if phone := record.get("phone_number"):
            # People write their number as is usual in their own country.
            country = str(record.get("country") or "").upper()
            known = country in SUPPORTED_REGIONS
            number = phone_number(str(phone), country if known else self.target.phone_region)
            record["phone_number"] = number
            if number is None:
                self.target.summary.note("phone number left out: not valid")
            else:
                people.append(number)
        if external_id := record.get("external_id"):
            record["external_id"] = str(external_id)
            if len(record["external_id"]) > MAX_EXTERNAL_ID:
                raise RejectedError("external_id is over 255 characters", column="external_id")
            people.append(f"id:{external_id}")
        return tuple(people)


class ProfilesSink(KlaviyoSink):
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

    @override
    def process_record(self, record: Record, context: Record) -> None:
        people = self.normalise(record)
        loader = self.target.loader
        if people and (people[0], record.get("phone_number")) in loader.phone_taken:
            record["phone_number"] = None
            self.target.summary.note(PHONE_TAKEN)
        body = encode(payloads.profile(record))
        if len(body) > MAX_PROFILE_BYTES:
            raise RejectedError("the profile is over 100,000 bytes, the most that Klaviyo takes")
        loader.add(
            loader.profiles,
            identity=people[0],
            people=people,
            body=body,
            sink=self,
            key=context["key"],
        )


class EventsSink(KlaviyoSink):
    """`events`: things people did, by bulk create; each once, by its unique_id."""

    @override
    def setup(self) -> None:
        config = self.config
        history = timedelta(hours=float(config["history_after_hours"]))
        self._history = None if str(config["first_load"]).lower() == "true" else history

    @override
    def process_record(self, record: Record, context: Record) -> None:
        if record.get("email"):
            record.pop("phone_number", None)  # both might belong to two profiles
        people = self.normalise(record)
        if not record.get("unique_id") and not context["key"]:
            raise RejectedError("an event needs a unique_id, or a stream with a key to make one of")
        event = payloads.event(
            record,
            unique_id=f"{self.stream_name}:{context['key']}",
            now=self.target.now(),
            history=self._history,
        )
        attributes = event["attributes"]["events"]["data"][0]["attributes"]
        loader = self.target.loader
        loader.add(
            loader.events,
            identity=f"{people[0]}|{record['metric']}|{attributes['unique_id']}",
            people=people,
            body=encode(event),
            sink=self,
            key=context["key"],
        )
