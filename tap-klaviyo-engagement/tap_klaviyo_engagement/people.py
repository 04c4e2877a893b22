"""Profiles: what is asked of them, and what a record says of a person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from klaviyo_client.limits import GET_PROFILES, MAX_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from klaviyo_client import KlaviyoSession

Resource = dict[str, Any]

# Not the custom properties: they are most of a profile's bytes, and none of ours.
ASKED = {
    "additional-fields[profile]": "subscriptions",
    "fields[profile]": (
        "email,phone_number,external_id,first_name,last_name,locale,location.city,"
        "location.country,created,updated,subscriptions.email.marketing,"
        "subscriptions.sms.marketing"
    ),
    "page[size]": str(MAX_PAGE),
}


def identity(profile: Resource) -> dict[str, Any]:
    """The columns that say who a record is about."""
    attributes = profile["attributes"]
    return {
        "profile_id": profile["id"],
        "external_id": attributes.get("external_id"),
        "email": attributes.get("email"),
        "phone_number": attributes.get("phone_number"),
    }


def described(profile: Resource) -> dict[str, Any]:
    """Names and place of a person."""
    attributes = profile["attributes"]
    location = attributes.get("location") or {}
    return {
        "first_name": attributes.get("first_name"),
        "last_name": attributes.get("last_name"),
        "city": location.get("city"),
        "country": location.get("country"),
        "locale": attributes.get("locale"),
    }


def read(
    session: KlaviyoSession, ids: Iterable[str], *, concurrency: int, **asked: str
) -> Iterator[Resource]:
    """Profiles by their ids, a hundred to a request; those that are gone are left out."""
    wanted = list(ids)
    parts = [wanted[start : start + MAX_PAGE] for start in range(0, len(wanted), MAX_PAGE)]

    def part(some: list[str]) -> list[Resource]:
        quoted = ",".join(f'"{each}"' for each in some)
        found: list[Resource] = session.get(
            GET_PROFILES, filter=f"any(id,[{quoted}])", **{**ASKED, **asked}
        )["data"]
        return found

    with ThreadPoolExecutor(concurrency) as pool:
        for start in range(0, len(parts), concurrency):  # no more in memory than are under way
            for found in pool.map(part, parts[start : start + concurrency]):
                yield from found
