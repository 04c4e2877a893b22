"""Klaviyo's lists, found by id or by name."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from klaviyo_client import UncertainError
from klaviyo_client.limits import CREATE_LIST, GET_LISTS, MAX_LISTS_PAGE
from singer_outcomes.identifiers import SettingError

from target_klaviyo.shipments import encode

if TYPE_CHECKING:
    from klaviyo_client import KlaviyoSession

    from target_klaviyo.plan import Plan

PLANNED = "planned:"  # what the id of a list begins with that a dry run would create
SHOWN = 20  # lists named in an error
CREATE_TRIES = 5  # of which the answer was lost

logger = logging.getLogger("target-klaviyo")


class UnknownListError(SettingError):
    """The configured list does not exist; whoever configured it must choose another."""


class Lists:
    """The account's lists, read once and kept for the run. Any thread may ask.

    In a dry run (with a `plan`) a list that would be created has an id that Klaviyo does not know.
    """

    def __init__(self, session: KlaviyoSession, plan: Plan | None = None) -> None:
        self._session = session
        self._plan = plan
        self._lock = threading.Lock()
        self._names: dict[str, str] | None = None  # by id, the oldest list first
        self._ids: dict[str, str] = {}  # by name: the oldest list of each

    def by_id(self, list_id: str) -> str:
        """The id of a list that exists.

        Raises:
            UnknownListError: there is no list of this id.
        """
        with self._lock:
            lists = self._read()
        if list_id in lists:
            return list_id
        shown = ", ".join(f"{key} ({title})" for key, title in list(lists.items())[:SHOWN])
        raise UnknownListError(
            f"list_id '{list_id}' is none of the account's {len(lists)} lists. Choose one of "
            f"them ({shown}), or set list_name, which is created when missing."
        )

    def by_name(self, name: str, *, create: bool = True) -> str | None:
        """The id of the oldest list of this name; a missing one is created (or planned), or None.

        Whoever else creates the same name at the same time comes to the same list: after creating,
        both look which one is the oldest.

        Raises:
            UncertainError: the answers to several creations were lost and no list showed.
        """
        with self._lock:
            self._read()
            if name not in self._ids and create and self._plan is not None:
                self._plan.request(CREATE_LIST)
                self._ids[name] = f"{PLANNED}{name}"
            elif name not in self._ids and create:
                self._create(name)
            return self._ids.get(name)

    def _read(self) -> dict[str, str]:
        """All names by id, read on first use."""
        if self._names is None:
            self._names = dict(self._found())
            for key, name in self._names.items():
                self._ids.setdefault(name, key)
        return self._names

    def _found(self, **query: str) -> list[tuple[str, str]]:
        """Ids and names, in the order of creation."""
        asked = {"sort": "created", "page[size]": str(MAX_LISTS_PAGE), **query}
        pages = self._session.pages(GET_LISTS, **asked)
        return [(each["id"], each["attributes"]["name"]) for page in pages for each in page["data"]]

    def _create(self, name: str) -> None:
        """Put a list of this name there, unless it is by now, and keep the oldest."""
        body = encode({"data": {"type": "list", "attributes": {"name": name}}})
        lost: UncertainError | None = None
        for _ in range(CREATE_TRIES):
            if self._keep(name, self._called(name)):
                return
            try:
                created = self._session.create(CREATE_LIST, body)
            except UncertainError as error:
                lost = error
                continue
            own = [str(created["data"]["id"])] if created else []
            shown = self._called(name)
            # What was just created may not show yet; what shows is older.
            self._keep(name, [*shown, *(each for each in own if each not in shown)])
            return
        if not self._keep(name, self._called(name)) and lost is not None:
            raise lost

    def _called(self, name: str) -> list[str]:
        """The lists of this name by now, the oldest first."""
        quoted = name.replace("\\", r"\\").replace('"', r"\"")
        found = self._found(filter=f'any(name,["{quoted}"])')
        return [key for key, title in found if title == name]

    def _keep(self, name: str, found: list[str]) -> bool:
        """Remember the first of these for the run; whether there is one."""
        if not found:
            return False
        if len(found) > 1:
            logger.warning(
                "%d lists are called '%s'. The oldest, %s, is used.", len(found), name, found[0]
            )
        self._ids[name] = found[0]
        self._read()[found[0]] = name
        return True


def find_list(session: KlaviyoSession, *, list_id: str | None, name: str | None) -> str | None:
    """The id of the list to add profiles to, or None where none is configured.

    A list named but missing is created; of several with one name the oldest is taken.

    Raises:
        UnknownListError: there is no list of this id.
    """
    if list_id:
        return Lists(session).by_id(list_id)
    return Lists(session).by_name(name) if name else None
