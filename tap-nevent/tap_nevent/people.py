"""Persons behind the rows: who they are and whether they consent, asked for in hundreds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_client.errors import NotServedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nevent_client.paging import Pager
    from nevent_client.rows import Row

    from tap_nevent.consent import ConsentRule


class People:
    """The fans of a tenant, as far as the rows of a run touch them."""

    def __init__(self, pager: Pager, rule: ConsentRule) -> None:
        self._pager = pager
        self.rule = rule
        self._consented: tuple[str, dict[str, str]] | None = None

    def consenting(self, shown: Iterable[Row | None]) -> dict[str, Row]:
        """Those of these persons whose data may leave, by id.

        A person shown without consent or e-mail is asked for; nobody is asked for alone.
        """
        persons = {each["id"]: each for each in shown if each and each.get("id")}
        lacking = [key for key, each in persons.items() if not self.rule.knows(each)]
        if lacking:
            found = {each["id"]: each for each in self.by_ids(lacking)}
            persons = {
                key: found.get(key, each)
                for key, each in persons.items()
                if key in found or self.rule.knows(each)
            }
        return {key: each for key, each in persons.items() if self.rule.granted(each)}

    def by_ids(self, ids: Iterable[str]) -> Iterator[Row]:
        """Fans with these ids; the erased are not among them.

        Raises:
            NotServedError: this Nevent does not filter fans by id.
        """
        wanted = list(dict.fromkeys(ids))
        asked = set(wanted)
        for rows in self._pager.of_people("users", wanted):
            if any(row["id"] not in asked for row in rows):
                raise NotServedError("GET /users: this Nevent does not filter fans by id.")
            yield from rows

    def newly_consenting(self, since: str) -> dict[str, str]:
        """Ids of the fans who consented since then, with the time of their consent."""
        if self.rule.assumed:
            return {}
        if self._consented is None or self._consented[0] > since:
            found = {}
            for batch in self._pager.changed("users", since):
                for row in batch.rows:
                    at = self.rule.granted_at(row) if self.rule.granted(row) else None
                    if at and at >= since:
                        found[row["id"]] = at
            self._consented = (since, found)
        return {key: at for key, at in self._consented[1].items() if at >= since}


def identity(person: Row) -> Row:
    """The columns that every row about a person carries."""
    return {
        "fan_id": person["id"],
        "email": person.get("email"),
        "phone_number": person.get("phone"),
    }
