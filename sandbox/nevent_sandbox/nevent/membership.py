"""Evaluates a segment's definition over the audience."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import msgspec

from nevent_sandbox.nevent.comparing import compare
from nevent_sandbox.nevent.standing import Standing
from nevent_sandbox.nevent.store import Store

Test = Callable[[str], bool]
_KEPT = 8


class DefinitionError(ValueError):
    """The definition is malformed; the caller must send another."""


class Membership:
    """Remembers the members of the last few definitions until the audience changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._standing = Standing(store)
        self._found: dict[tuple[bytes, int, int, int], Sequence[int]] = {}

    def members(self, definition: Any) -> Sequence[int]:
        """The numbers of the fans in the segment, ascending.

        Raises:
            DefinitionError: a stanza or criterion lacks its id, or is not known.
        """
        store = self._store
        versions = (store.fans.version, store.orders.version, store.check_ins.version)
        key = (msgspec.json.encode(definition), *versions)
        found = self._found.get(key)
        if found is None:
            tests = [self._stanza(stanza) for stanza in _stanzas(definition)]
            found = array("I", self._matching(tests) if tests else ())
            if len(self._found) >= _KEPT:
                self._found.pop(next(iter(self._found)))
            self._found[key] = found
        return found

    def _matching(self, tests: list[Test]) -> Iterator[int]:
        store = self._store
        prefix = store.identifiers.prefix("user")
        gone = store.fans.gone
        size = store.fans_at_start
        for number in range(size + store.added["user"]):
            identifier = f"{prefix}{number:08x}"
            known = number < size or identifier in store.fans.changed
            if known and identifier not in gone and all(test(identifier) for test in tests):
                yield number

    def _stanza(self, stanza: dict[str, Any]) -> Test:
        tests = [self._criterion(criterion) for criterion in stanza["criteria"]]
        return lambda user: any(test(user) for test in tests)

    def _criterion(self, criterion: dict[str, Any]) -> Test:
        maker = {
            "total_spent": self._spent,
            "attended_event": self._attended,
            "user_label": self._label,
            "user_country": self._country,
            "user_custom_field": self._custom,
            "ticket_type": self._ticket_type,
        }.get(criterion["criterion_id"])
        if maker is None:
            raise DefinitionError(f"Unknown criterion: {criterion['criterion_id']}")
        operator, value = criterion.get("operator", "eq"), criterion.get("value")
        return maker(criterion, lambda found: compare(operator, found, value))

    def _spent(self, _: dict[str, Any], holds: Callable[[Any], bool]) -> Test:
        standing = self._standing

        def test(user: str) -> bool:
            return holds(standing.spent_cents(user) / 100)

        return test

    def _attended(self, criterion: dict[str, Any], _: Callable[[Any], bool]) -> Test:
        store = self._store
        value = criterion.get("value")
        wanted = {
            concert.index
            for concert in map(store.concert, value if isinstance(value, list) else [str(value)])
            if concert
        }

        return self._standing.attendees(wanted).__contains__

    def _label(self, _: dict[str, Any], holds: Callable[[Any], bool]) -> Test:
        return lambda user: any(holds(tag) for tag in self._standing.quick(user, "tags"))

    def _country(self, _: dict[str, Any], holds: Callable[[Any], bool]) -> Test:
        return lambda user: holds(self._standing.quick(user, "country"))

    def _custom(self, criterion: dict[str, Any], holds: Callable[[Any], bool]) -> Test:
        name = (criterion.get("filters") or {}).get("property_name")
        wanted = next((d["id"] for d in self._store.definitions if d["name"] == name), None)

        def test(user: str) -> bool:
            for item in self._standing.quick(user, "customFieldValues"):
                if item["propertyDefinitionId"] == wanted:
                    value = item["value"]
                    return any(map(holds, value if isinstance(value, list) else [value]))
            return False

        return test

    def _ticket_type(self, _: dict[str, Any], holds: Callable[[Any], bool]) -> Test:
        return lambda user: any(map(holds, self._standing.type_names(user)))


def _stanzas(definition: Any) -> list[dict[str, Any]]:
    stanzas = definition.get("stanzas") if isinstance(definition, dict) else None
    if not isinstance(stanzas, list):
        raise DefinitionError("definition.stanzas must be a list")
    for stanza in stanzas:
        if not isinstance(stanza, dict) or not stanza.get("id"):
            raise DefinitionError("every stanza needs an id")
        criteria = stanza.get("criteria")
        if not isinstance(criteria, list):
            raise DefinitionError("stanza.criteria must be a list")
        for criterion in criteria:
            if not isinstance(criterion, dict) or not criterion.get("id"):
                raise DefinitionError("every criterion needs an id")
            if not criterion.get("criterion_id"):
                raise DefinitionError("every criterion needs a criterion_id")
    return cast("list[dict[str, Any]]", stanzas)
