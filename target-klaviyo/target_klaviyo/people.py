"""Profiles looked up in Klaviyo by their identifiers, a hundred a request."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from klaviyo_client import RejectedError as RefusedError
from klaviyo_client.limits import GET_LIST_MEMBERS, GET_PROFILES, MAX_PAGE

from target_klaviyo.lists import PLANNED
from target_klaviyo.shipments import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from klaviyo_client import KlaviyoSession
    from singer_outcomes.queues import Row

NOT_FOUND = 404
LONGEST = 6_000  # characters of a filter in the URL; servers in between may take 8 KB at most
NAMES = "email,phone_number,external_id"
Document = dict[str, Any]


class People:
    """Reads profiles; any thread may use it."""

    def __init__(self, session: KlaviyoSession) -> None:
        self._session = session

    def find(
        self, identifier: str, values: Iterable[str], *, fields: str = NAMES, consent: bool = False
    ) -> Iterator[Document]:
        """Profiles with one of these values.

        Args:
            identifier: "email", "phone_number", "external_id" or "id".
            values: in Klaviyo's form.
            fields: attributes to read.
            consent: with `subscriptions` among the attributes.
        """
        params: dict[str, Any] = {"page[size]": MAX_PAGE, "fields[profile]": fields}
        if consent:
            params["additional-fields[profile]"] = "subscriptions"
            params["fields[profile]"] = f"{fields},subscriptions"
        for condition in _conditions(identifier, values):
            for page in self._session.pages(GET_PROFILES, filter=condition, **params):
                yield from page["data"]

    def ids(self, rows: Iterable[tuple[Row, dict[str, str]]]) -> dict[int, list[str]]:
        """Profile ids by `id(row)`: every profile that has one of a row's identifiers."""
        found = self.profiles(rows)
        return {row: [each["id"] for each in profiles] for row, profiles in found.items()}

    def profiles(self, rows: Iterable[tuple[Row, dict[str, str]]]) -> dict[int, list[Document]]:
        """The same as profiles."""
        wanted: defaultdict[str, dict[str, list[Row]]] = defaultdict(dict)
        for row, identifiers in rows:
            for column, value in identifiers.items():
                wanted[column].setdefault(value, []).append(row)
        found: dict[int, list[Document]] = {}
        for column, by_value in wanted.items():
            for profile in self.find(column, by_value):
                own = profile["id"]
                value = own if column == "id" else profile["attributes"][column]
                for row in by_value[value.lower() if column == "email" else value]:
                    mine = found.setdefault(id(row), [])
                    if all(each["id"] != own for each in mine):
                        mine.append(profile)
        return found

    def of_list(self, list_id: str, identifier: str, values: Iterable[str]) -> set[str]:
        """Those of these e-mails or phone numbers that are members of a list."""
        return {
            str(each["attributes"][identifier]).lower()
            for condition in _conditions(identifier, values)
            for each in self.members(list_id, fields=identifier, filter=condition)
        }

    def members(self, list_id: str, *, fields: str = NAMES, **params: Any) -> Iterator[Document]:
        """Everybody on a list; nobody where there is no such list, or only in a dry run."""
        if list_id.startswith(PLANNED):
            return
        params |= {"page[size]": MAX_PAGE, "fields[profile]": fields}
        try:
            for page in self._session.pages(GET_LIST_MEMBERS, path_id=list_id, **params):
                yield from page["data"]
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise


def _conditions(identifier: str, values: Iterable[str]) -> Iterator[str]:
    """Filters that together ask for all of these values."""
    some: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        quoted = encode(value).decode()
        size = len(quote(quoted)) + 3
        if some and (len(some) == MAX_PAGE or length + size > LONGEST):
            yield f"any({identifier},[{','.join(some)}])"
            some, length = [], 0
        some.append(quoted)
        length += size
    if some:
        yield f"any({identifier},[{','.join(some)}])"
