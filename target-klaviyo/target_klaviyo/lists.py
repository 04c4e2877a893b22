"""The list that profiles are added to, found by its id or its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klaviyo_client.limits import CREATE_LIST, GET_LISTS

from target_klaviyo.identifiers import SettingError
from target_klaviyo.shipments import encode

if TYPE_CHECKING:
    from klaviyo_client import KlaviyoSession

SHOWN = 20  # lists named in an error


class UnknownListError(SettingError):
    """The configured list does not exist; whoever configured it must choose another."""


def find_list(session: KlaviyoSession, *, list_id: str | None, name: str | None) -> str | None:
    """The id of the list to add profiles to, or None where none is configured.

    A list named but missing is created; of several with one name the oldest is taken.

    Raises:
        UnknownListError: there is no list of this id.
    """
    if not list_id and not name:
        return None
    lists: dict[str, str] = {
        each["id"]: each["attributes"]["name"]
        for page in session.pages(GET_LISTS, sort="created")
        for each in page["data"]
    }
    if list_id:
        if list_id in lists:
            return list_id
        shown = ", ".join(f"{key} ({title})" for key, title in list(lists.items())[:SHOWN])
        raise UnknownListError(
            f"list_id '{list_id}' is none of the account's {len(lists)} lists. Choose one of "
            f"them ({shown}), or set list_name, which is created when missing."
        )
    for key, title in lists.items():
        if title == name:
            return key
    created = session.post(
        CREATE_LIST, encode({"data": {"type": "list", "attributes": {"name": name}}})
    )
    return str(created["data"]["id"]) if created else None
