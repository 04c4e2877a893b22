"""Finding one person on both sides by whatever somebody has at hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from klaviyo_client.limits import GET_PROFILES
from nevent_client.errors import UnknownError

from nevent_klaviyo.sides import KLAVIYO, NEVENT, make_sure_of_nevent

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_klaviyo.sides import Problems, Sides

Resource = dict[str, Any]

T = TypeVar("T")

_SEVERAL = (
    "{number} profiles carry this fan's id; one of them is shown. Whoever manages the Klaviyo "
    "account should merge them."
)
_PROFILE_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")  # a ULID, as Klaviyo's profiles have


class Person(NamedTuple):
    """One person: Nevent's row and Klaviyo's profile, each None where there is none.

    `unread` names the sides that did not let themselves be asked: there, nobody knows.
    """

    fan: Resource | None
    profile: Resource | None
    unread: frozenset[str]

    def known(self, side: str) -> bool | None:
        """Whether a side knows the person; None where it could not be asked."""
        if side in self.unread:
            return None
        return (self.fan if side == NEVENT else self.profile) is not None


class Search:
    """Looks a person up, in no more requests than it takes; each question is asked once."""

    def __init__(self, sides: Sides, problems: Problems) -> None:
        self._sides = sides
        self._problems = problems
        self._unread: set[str] = set()

    def person(self, who: str) -> Person:
        """The person of this e-mail address, fan id or profile id.

        Whom one side knows is looked for on the other by the id that links both, then by e-mail.

        Raises:
            SettingError: something else than Nevent is at its address.
        """
        who = who.strip()
        if "@" in who:
            fan, profile = self._fan_by_email(who), self._profile("email", who.lower())
        elif _PROFILE_ID.fullmatch(who):
            fan, profile = None, self._profile("id", who)
            if profile is None:
                fan = self._fan(who)
        else:
            fan, profile = self._fan(who), None
            if fan is None:
                profile = self._profile("external_id", who) or self._profile("id", who)
        if fan is not None and profile is None:
            profile = self._profile_of(fan, asked=who)
        elif profile is not None and fan is None:
            fan = self._fan_of(profile, asked=who)
        if fan is None and NEVENT not in self._unread:
            make_sure_of_nevent(self._sides.nevent)  # a wrong address answers 404 as well
        return Person(fan, profile, frozenset(self._unread))

    def _profile_of(self, fan: Resource, *, asked: str) -> Resource | None:
        email = (fan.get("email") or "").strip().lower()
        found = self._profile("external_id", str(fan["id"]))
        if found is None and email and email != asked.lower():
            found = self._profile("email", email)
        return found

    def _fan_of(self, profile: Resource, *, asked: str) -> Resource | None:
        attributes = profile["attributes"]
        linked, email = attributes.get("external_id"), attributes.get("email")
        found = self._fan(str(linked)) if linked and linked != asked else None
        if found is None and email and email.lower() != asked.lower():
            found = self._fan_by_email(str(email))
        return found

    def _fan(self, identifier: str) -> Resource | None:
        return self._asked("user", {"id": identifier})

    def _fan_by_email(self, email: str) -> Resource | None:
        return self._asked("user_by_email", {"email": email})

    def _asked(self, operation: str, path: dict[str, str]) -> Resource | None:
        if NEVENT in self._unread:
            return None

        def reading() -> Resource | None:
            try:
                found: Resource | None = self._sides.nevent.call(operation, path=path)
            except UnknownError:
                return None
            return found

        return self._read(NEVENT, "fan", reading)

    def _profile(self, attribute: str, value: str) -> Resource | None:
        if KLAVIYO in self._unread:
            return None
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        asked = {
            "filter": f'equals({attribute},"{escaped}")',
            "additional-fields[profile]": "subscriptions",
        }

        def reading() -> list[Resource]:
            found: list[Resource] = self._sides.klaviyo.get(GET_PROFILES, **asked)["data"]
            return found

        found = self._read(KLAVIYO, "profile", reading) or []
        if len(found) > 1:  # Klaviyo merges by e-mail and phone, never by external_id
            self._problems.note(KLAVIYO, "profile", _SEVERAL.format(number=len(found)))
        return found[0] if found else None

    def _read(self, side: str, block: str, reading: Callable[[], T]) -> T | None:
        before = len(self._problems.found)
        found = self._problems.read(side, block, reading)
        if len(self._problems.found) > before:
            self._unread.add(side)
        return found
