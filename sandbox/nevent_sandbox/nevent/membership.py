"""Evaluates a segment's definition over the audience."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, cast

import msgspec

from nevent_sandbox.nevent.comparing import compare
from nevent_sandbox.nevent.people import tags
from nevent_sandbox.nevent.standing import Standing
from nevent_sandbox.nevent.store import Store

Holds = Callable[[Any], bool]
_KEPT = 8


class DefinitionError(ValueError):
    """The definition is malformed; the caller must send another."""


class Test(NamedTuple):
    """A condition on a fan: by number where he is as at the start, else by id."""

    of_base: Callable[[int], bool]
    of_any: Callable[[str], bool]


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

    def _matching(self, tests: list[Test]) -> list[int]:
        touched = self._standing.touched()
        base: Iterator[int] = iter(range(self._store.fans_at_start))
        if touched:
            base = (number for number in base if number not in touched)
        for test in tests:
            base = filter(test.of_base, base)
        later = (
            number
            for number, user in touched.items()
            if self._store.knows(user) and all(test.of_any(user) for test in tests)
        )
        return sorted([*base, *later])

    def _stanza(self, stanza: dict[str, Any]) -> Test:
        tests = [self._criterion(criterion) for criterion in stanza["criteria"]]
        if len(tests) == 1:
            return tests[0]
        return Test(
            lambda number: any(test.of_base(number) for test in tests),
            lambda user: any(test.of_any(user) for test in tests),
        )

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

    def _spent(self, _: dict[str, Any], holds: Holds) -> Test:
        standing = self._standing
        enough = cache(lambda cents: holds(cents / 100))  # amounts repeat
        return Test(
            lambda number: enough(standing.base_spent_cents(number)),
            lambda user: enough(standing.spent_cents(user)),
        )

    def _attended(self, criterion: dict[str, Any], _: Holds) -> Test:
        store = self._store
        value = criterion.get("value")
        wanted = {
            concert.index
            for concert in map(store.concert, value if isinstance(value, list) else [str(value)])
            if concert
        }
        present = self._standing.attendees(wanted)
        number = store.identifiers.number
        return Test(present.__contains__, lambda user: number("user", user) in present)

    def _label(self, _: dict[str, Any], holds: Holds) -> Test:
        standing = self._standing
        index = self._store.base_fans.tags_index
        labelled = cache(lambda number: any(map(holds, tags(number))))
        return Test(
            lambda number: labelled(index(number)),
            lambda user: any(map(holds, standing.quick(user, "tags"))),
        )

    def _country(self, _: dict[str, Any], holds: Holds) -> Test:
        standing = self._standing
        country = self._store.base_fans.words.country
        there = cache(holds)
        return Test(
            lambda number: there(country(number)),
            lambda user: there(standing.quick(user, "country")),
        )

    def _custom(self, criterion: dict[str, Any], holds: Holds) -> Test:
        name: Any = (criterion.get("filters") or {}).get("property_name")
        wanted = next((d["id"] for d in self._store.definitions if d["name"] == name), None)
        standing, value_of = self._standing, self._store.base_fans.custom_value

        def fits(value: Any) -> bool:
            return any(map(holds, value if isinstance(value, list) else [value]))

        def of_base(number: int) -> bool:
            value = value_of(number, name)
            return value is not None and fits(value)

        def of_any(user: str) -> bool:
            for item in standing.quick(user, "customFieldValues"):
                if item["propertyDefinitionId"] == wanted:
                    return fits(item["value"])
            return False

        return Test(of_base, of_any)

    def _ticket_type(self, _: dict[str, Any], holds: Holds) -> Test:
        standing = self._standing
        named = cache(lambda names: any(map(holds, names)))
        return Test(
            lambda number: any(map(named, standing.base_type_names(number))),
            lambda user: any(map(holds, standing.type_names(user))),
        )


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
