"""Who is on which list, since when, and with which consent."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from klaviyo_client.limits import GET_LIST_MEMBERS, GET_LISTS
from singer_outcomes.bookmark import moment, written
from typing_extensions import override

from tap_klaviyo_engagement import people, settings
from tap_klaviyo_engagement.client import ChangingStream
from tap_klaviyo_engagement.consents import suppressed
from tap_klaviyo_engagement.spans import Collection, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from klaviyo_client.catalogue import Group
    from singer_outcomes.bookmark import Bookmark
    from singer_sdk.helpers.types import Context, Record

_ASKED = {
    **people.ASKED,
    "fields[profile]": f"{people.ASKED['fields[profile]']},joined_group_at",
}

RENAMED = "The list '%s' is called '%s' now; it is read on. Correct the setting 'lists'."
DELETED = "The list '%s' is no longer there and is left out. Take it out of the setting 'lists'."


class ListMembersStream(ChangingStream):
    """Members of the chosen lists, from the last one who joined on.

    Each list has its bookmark, so that one chosen later is read from its beginning.
    """

    name = "list_members"
    operations = (GET_LISTS, GET_LIST_MEMBERS)
    keys = ("list_id", "profile_id")
    changed_key = "joined_at"

    @cached_property
    def chosen(self) -> list[Group]:
        """The lists to read: those of the setting, or all.

        One that an earlier run has read may be deleted or renamed since, and must not cost the
        others.

        Raises:
            ConfigValidationError: a list that the account never had.
        """
        lists = self.run.catalogue.lists
        wanted = self.config.get("lists")
        if not wanted:
            return list(lists.values())
        by_name = {each.name: each for each in lists.values()}
        before = self.stream_state.get("list_names", {})
        read = {told: list_id for list_id, name in before.items() for told in (list_id, name)}
        found: dict[str, Group] = {}
        unknown = []
        for each in wanted:
            group = lists.get(each) or by_name.get(each) or lists.get(read.get(each, ""))
            if group is not None:
                found[group.id] = group
                if each not in {group.id, group.name}:
                    self.log(RENAMED, each, group.name, level=30)
            elif each in read:
                self.log(DELETED, each, level=30)
            else:
                unknown.append(each)
        if unknown:
            raise settings.setting_error(
                f"lists: Klaviyo has no list {', '.join(map(repr, unknown))}; there are: "
                f"{', '.join(sorted(by_name))}."
            )
        return list(found.values())

    @cached_property
    def marks(self) -> dict[str, Bookmark]:
        """How far each list has been read."""
        incremental = self.replication_method == "INCREMENTAL"
        states = self.stream_state.setdefault("lists", {}) if incremental else {}
        if incremental:
            names = self.stream_state.setdefault("list_names", {})
            names.update((each.id, each.name) for each in self.chosen if each.id not in names)
        return {each.id: self.mark(states.setdefault(each.id, {})) for each in self.chosen}

    @override
    def records(self) -> Iterator[Record]:
        started = written(self.run.started)
        names = {each.id: each.name for each in self.chosen}
        collections = [
            Collection(GET_LIST_MEMBERS, "joined_group_at", _ASKED, mark.since, path_id=list_id)
            for list_id, mark in self.marks.items()
        ]
        reader = Reader(self.run.session, self.config["concurrency"])
        for page in reader.pages(collections):
            list_id = page.collection.path_id
            for row in page.rows:
                yield _member(list_id, names[list_id], row)
            if page.reached:
                self.marks[list_id].reach(page.reached)
        for mark in self.marks.values():
            mark.reach(started)  # else a list that nobody joins any more is read again and again

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        for record in super(ChangingStream, self).get_records(context):
            if not self.marks[record["list_id"]].met(*self.identity(record)):
                yield record

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Remember the record only: the list's bookmark moves when all before it is read."""
        at = latest_record["joined_at"]
        if at and self.replication_method == "INCREMENTAL":
            self.marks[latest_record["list_id"]].meet(at, *self.identity(latest_record))

    @override
    def save(self) -> None:
        if "marks" in vars(self):
            for each in self.marks.values():
                each.save()


def _member(list_id: str, list_name: str, profile: people.Resource) -> dict[str, Any]:
    attributes = profile["attributes"]
    subscriptions = attributes.get("subscriptions") or {}
    email = (subscriptions.get("email") or {}).get("marketing") or {}
    sms = (subscriptions.get("sms") or {}).get("marketing") or {}
    reason, since = next(iter(suppressed(email)), (None, None))
    return {
        "list_id": list_id,
        "list_name": list_name,
        **people.identity(profile),
        **people.described(profile),
        "joined_at": moment(attributes.get("joined_group_at")),
        "email_consent": email.get("consent"),
        "email_consented_at": _given(email),
        "email_consent_source": email.get("custom_method_detail") or email.get("method_detail"),
        "email_consent_method": email.get("method"),
        "email_can_receive": email.get("can_receive_email_marketing"),
        "email_double_optin": email.get("double_optin"),
        "email_suppression": reason,
        "email_suppressed_at": since,
        "sms_consent": sms.get("consent"),
        "sms_consented_at": _given(sms),
        "sms_can_receive": sms.get("can_receive_sms_marketing"),
    }


def _given(block: people.Resource) -> str | None:
    """When consent was given; the same field dates its withdrawal."""
    return moment(block.get("consent_timestamp")) if block.get("consent") == "SUBSCRIBED" else None
