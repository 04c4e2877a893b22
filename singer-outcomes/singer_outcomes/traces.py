"""Where a person shows in JSON values: by e-mail address, phone number or id, however written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_EMAIL = re.compile(r"[^\s<>\"'(),;:|\[\]]+@[^\s<>\"'(),;:|\[\]]+")
_PHONE = re.compile(r"\+?\d(?:[\s().\-/]*\d){6,}")
_ID_KEY = re.compile(r"(?:^|_)ids?$|[a-z]Ids?$", re.ASCII)
_COUNTRY_CODE = 3  # digits of the longest
_SHORTEST_PHONE = 7  # digits without the country's code


class Traces:
    """Recognises some people.

    Args:
        people: e-mail addresses, E.164 numbers, `id:` with an external id.
    """

    def __init__(self, people: Iterable[str]) -> None:
        self._emails: set[str] = set()
        self._phones: set[str] = set()  # as they are dialled from abroad, and at home
        self._ids: set[str] = set()
        for each in people:
            if each.startswith("id:"):
                self._ids.add(each.removeprefix("id:"))
            elif "@" in each:
                self._emails.add(each.lower())
            else:
                digits = re.sub(r"\D", "", each)
                self._phones.update(
                    digits[cut:]
                    for cut in range(_COUNTRY_CODE + 1)
                    if cut == 0 or len(digits) - cut >= _SHORTEST_PHONE
                )

    def in_value(self, value: Any, *, is_id: bool = False) -> bool:
        """Whether one of them shows anywhere in this value.

        Args:
            value: any JSON value; ids count only under a key that names one (`id`, `fan_id`).
            is_id: it stands under such a key.
        """
        return any(self._shows(text, is_id=named) for text, named in _leaves(value, is_id=is_id))

    def in_key(self, key: str) -> bool:
        """Whether the key of a record, its parts joined by `|`, is one of them."""
        return any(self._shows(part, is_id=True) for part in key.split("|"))

    def in_text(self, text: str) -> bool:
        """Whether one of them shows in text that is no JSON; ids cannot be told there."""
        return self._shows(text, is_id=False)

    def _shows(self, text: str, *, is_id: bool) -> bool:
        if is_id and text in self._ids:
            return True
        if "@" in text and any(
            found.rstrip(".").lower() in self._emails for found in _EMAIL.findall(text)
        ):
            return True
        return bool(self._phones) and any(
            re.sub(r"\D", "", found).lstrip("0") in self._phones for found in _PHONE.findall(text)
        )


def _leaves(value: Any, *, is_id: bool) -> Iterator[tuple[str, bool]]:
    """Texts and numbers in a value, and whether their key names an id."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield str(key), False
            yield from _leaves(each, is_id=_ID_KEY.search(str(key)) is not None)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, is_id=is_id)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield str(value), is_id
