"""What one run wrote to Klaviyo, by fan."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from nevent_sandbox.demo.audience import address, number
from nevent_sandbox.demo.memberships import EVERYBODY, PREFIX
from nevent_sandbox.demo.preferences import CHANNELS
from nevent_sandbox.demo.promises import BULK_EVENTS, IMPORT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from nevent_sandbox.demo.audience import Audience

Row = dict[str, Any]

_SUBSCRIBE = "POST /api/profile-subscription-bulk-create-jobs"
_UNSUBSCRIBE = "POST /api/profile-subscription-bulk-delete-jobs"
_SUPPRESS = "POST /api/profile-suppression-bulk-create-jobs"
_LEAVE = "DELETE /api/lists/{id}/relationships/profiles"
_RENAME = "PATCH /api/profiles/{id}"
_DELETE = "POST /api/data-privacy-deletion-jobs"
_SAID = {_SUBSCRIBE: "subscribed", _UNSUBSCRIBE: "unsubscribed"}


class Directory:
    """Which fans a profile resource may be about: two of them may share an address or a number.

    Args:
        audiences: before and after; an address may have been another one.
        profiles: before and after.
    """

    def __init__(self, audiences: Iterable[Audience], profiles: Iterable[Row]) -> None:
        self._fans: defaultdict[str, set[str]] = defaultdict(set)
        self._profiles = {each["id"]: each["attributes"] for each in profiles}
        for audience in audiences:
            for fan, row in audience.everybody.items():
                self._fans[fan].add(fan)
                for each in filter(None, (address(row), number(row))):
                    self._fans[each].add(fan)

    def fans(self, resource: Row) -> frozenset[str]:
        """Their ids; a profile's own identifier where no fan has it."""
        attributes: Row = resource.get("attributes") or {}
        if not any(attributes.get(name) for name in ("external_id", "email", "phone_number")):
            attributes = self._profiles.get(str(resource.get("id")), attributes)
            known = [attributes.get("external_id"), attributes.get("email")]
            who = known if any(known) else [attributes.get("phone_number")]
        elif attributes.get("external_id"):
            who = [attributes["external_id"]]
        else:
            who = [attributes.get("email") or attributes.get("phone_number")]
        found = set().union(*(self._fans.get(each, set()) for each in who if each))
        return frozenset(found or {str(resource.get("id") or who[0])})


class Sent:
    """Requests that write, taken apart.

    Args:
        requests: with their bodies.
        directory: whom they are about.
        lists: names by id.
        known: unique_id of each event that was there before; one sent again counts once.
    """

    def __init__(
        self,
        requests: Iterable[Row],
        directory: Directory,
        lists: Mapping[str, str],
        known: Collection[str],
    ) -> None:
        self.people: set[frozenset[str]] = set()  # each with the fans that it may be
        self.profiles: set[str] = set()
        self.events: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.consents: defaultdict[str, list[str]] = defaultdict(list)
        self.moves: defaultdict[str, list[str]] = defaultdict(list)  # lists joined and left
        self.suppressed: set[str] = set()
        self.deleted: set[str] = set()
        self._directory = directory
        self._lists = lists
        self._known = known
        for request in requests:
            self._take(request["operation"], request["path"], request["body"])

    @property
    def fans(self) -> set[str]:
        """Everybody who may have been sent."""
        return set().union(*self.people)

    def _take(self, operation: str, path: str, body: Any) -> None:
        data: Any = (body or {}).get("data") or {}
        if operation == _LEAVE:
            for each in data:
                self._note(each, self.moves, f"off '{self._short(path.split('/')[3])}'")
            return
        attributes: Row = data.get("attributes") or {} if isinstance(data, dict) else {}
        if operation == IMPORT:
            self._imported(data)
        elif operation == BULK_EVENTS:
            for each in attributes["events-bulk-create"]["data"]:
                self._event(each["attributes"])
        elif operation in _SAID:
            self._said(_SAID[operation], data)
        elif operation == _SUPPRESS:
            for each in attributes["profiles"]["data"]:
                self.suppressed |= self._who(each)
        elif operation == _DELETE:
            self.deleted |= self._who(attributes["profile"]["data"])
        elif operation == _RENAME:
            self.profiles |= self._who(data)

    def _imported(self, data: Row) -> None:
        """People on the list of everybody are profiles, on any other they are its members."""
        names = [self._lists.get(each, each) for each in _list_ids(data)]
        for each in data["attributes"]["profiles"]["data"]:
            if names in ([], [EVERYBODY]):
                self.profiles |= self._who(each)
            for name in names if names != [EVERYBODY] else ():
                self._note(each, self.moves, f"on '{name.removeprefix(PREFIX)}'")

    def _said(self, what: str, data: Row) -> None:
        (list_id,) = _list_ids(data) or [""]
        name = self._lists.get(list_id, list_id)
        place = f" ({name.removeprefix(PREFIX)})" if name not in {"", EVERYBODY} else ""
        for each in data["attributes"]["profiles"]["data"]:
            for channel in each["attributes"]["subscriptions"]:
                self._note(each, self.consents, f"{CHANNELS[channel]} {what}{place}")

    def _event(self, item: Row) -> None:
        for fan in self._who(item["profile"]["data"]):
            for event in item["events"]["data"]:
                metric = event["attributes"]["metric"]["data"]["attributes"]["name"]
                again = event["attributes"]["unique_id"] in self._known
                self.events[fan][f"{metric} again (counts once)" if again else metric] += 1

    def _note(self, resource: Row, notes: defaultdict[str, list[str]], what: str) -> None:
        for fan in self._who(resource):
            notes[fan].append(what)

    def _who(self, resource: Row) -> frozenset[str]:
        found = self._directory.fans(resource)
        self.people.add(found)
        return found

    def _short(self, list_id: str) -> str:
        return self._lists.get(list_id, list_id).removeprefix(PREFIX)


def _list_ids(data: Row) -> list[str]:
    """The lists that a request names as its relationship: one, several or none."""
    related = data.get("relationships") or {}
    some = (related.get("lists") or related.get("list") or {}).get("data") or []
    return [each["id"] for each in (some if isinstance(some, list) else [some])]
