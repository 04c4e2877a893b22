"""One owner per field: what Klaviyo owns is not written, what is to be filled only where empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_klaviyo import payloads
from target_klaviyo.shipments import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_outcomes.queues import Row

    from target_klaviyo.people import People

NEVENT, KLAVIYO, FILL = "nevent", "klaviyo", "fill"
PLACES = ("location", "properties")


class Ownership:
    """Keeps profiles to what their fields' owners allow.

    Args:
        owners: column → `nevent` (written), `klaviyo` (never written) or `fill` (written where
            Klaviyo has no value). A column that is not named is Nevent's.
    """

    def __init__(self, owners: Mapping[str, str], people: People) -> None:
        self._people = people
        self.klaviyos = frozenset(name for name, owner in owners.items() if owner == KLAVIYO)
        self._filled = frozenset(name for name, owner in owners.items() if owner == FILL)

    def leave(self, record: dict[str, Any]) -> None:
        """Take out what Klaviyo owns, in place; identifiers stay."""
        for name in self.klaviyos:
            record.pop(name, None)

    def fill(self, rows: Iterable[Row]) -> None:
        """Take out of these profile resources what is to be filled and is there already."""
        if not self._filled:
            return
        bodies = [(row, decode(row.body)) for row in rows]
        concerned = [(row, body) for row, body in bodies if self._fills(body)]
        held = self._held([row for row, _ in concerned])
        for row, body in concerned:
            if there := held.get(row.people[0]):
                _without(body, {name for name in self._filled if _has(there, name)})
                row.body = encode(body)

    def _fills(self, body: dict[str, Any]) -> bool:
        return any(_has(body["attributes"], name) or name in _unset(body) for name in self._filled)

    def _held(self, rows: list[Row]) -> dict[str, dict[str, Any]]:
        """Attributes of these people's profiles, by their first identifier."""
        firsts = [row.people[0] for row in rows]
        standard = sorted(self._filled & payloads.ATTRIBUTES)
        fields = ",".join({"email", "phone_number", *standard, *PLACES})
        return {
            str(each["attributes"][column]).lower(): each["attributes"]
            for column, values in (
                ("email", [each for each in firsts if "@" in each]),
                ("phone_number", [each for each in firsts if "@" not in each]),
            )
            for each in self._people.find(column, values, fields=fields)
        }


def _has(attributes: Mapping[str, Any], name: str) -> bool:
    """Whether a profile has a value of this column; 0, false and "" are values of a property."""
    if name in payloads.ATTRIBUTES:
        return bool(attributes.get(name))
    if name in payloads.LOCATION:
        return bool((attributes.get("location") or {}).get(name))
    return (attributes.get("properties") or {}).get(name) is not None


def _without(body: dict[str, Any], names: set[str]) -> None:
    attributes = body["attributes"]
    for name in names - set(payloads.IDENTIFIERS):
        attributes.pop(name, None)
        for place in PLACES:
            attributes.get(place, {}).pop(name, None)
    if unset := [name for name in _unset(body) if name not in names]:
        body["meta"]["patch_properties"]["unset"] = unset
    else:
        body.pop("meta", None)


def _unset(body: Mapping[str, Any]) -> list[str]:
    names: list[str] = body.get("meta", {}).get("patch_properties", {}).get("unset", [])
    return names
