"""What no schema says about an event in a body: sizes, depth, time window, currency."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nevent_sandbox.klaviyo.errors import Document, invalid
from nevent_sandbox.klaviyo.moments import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_EVENTS = 1_000
MOST_PROPERTIES = 400
MOST_ITEMS = 4_000
MOST_DEPTH = 10
MOST_STRING = 100_000  # bytes
MOST_UNIQUE_ID = 255
MOST_NAME = 127
EARLIEST = parsed("1990-01-01")
YEAR = 366 * 86_400
_INT64 = 2**63
_CURRENCY = re.compile("[A-Z]{3}")


def problems(attributes: Document, pointer: str, now: float) -> Iterator[Document]:
    """What is wrong with one event's attributes.

    `pointer` is where they stand in the body, `now` seconds by the account's clock.
    """
    yield from _time(attributes.get("time"), f"{pointer}/time", now)
    unique = attributes.get("unique_id")
    if unique is not None and not 1 <= len(unique) <= MOST_UNIQUE_ID:
        text = f"unique_id must have 1 to {MOST_UNIQUE_ID} characters."
        yield invalid(text, f"{pointer}/unique_id")
    currency = attributes.get("value_currency")
    if currency is not None and not _CURRENCY.fullmatch(currency):
        text = f"'{currency[:10]}' is not a currency of ISO 4217."
        yield invalid(text, f"{pointer}/value_currency")
    name = attributes["metric"]["data"]["attributes"]["name"]
    if not 1 <= len(name) <= MOST_NAME:
        text = f"A metric's name has 1 to {MOST_NAME} characters."
        yield invalid(text, f"{pointer}/metric/data/attributes/name")
    properties = attributes["properties"]
    if len(properties) > MOST_PROPERTIES:
        text = f"An event has at most {MOST_PROPERTIES} properties."
        yield invalid(text, f"{pointer}/properties")
    if not _small(properties):
        yield from _values(properties, f"{pointer}/properties", 1)


def _small(properties: Document) -> bool:
    """Whether all are plain values within the limits, told ten times as fast as by `_values`."""
    for each in properties.values():
        kind = type(each)
        if kind is str:
            if len(each) * 4 > MOST_STRING:
                return False
        elif kind is int:
            if not -_INT64 <= each < _INT64:
                return False
        elif kind is not float and kind is not bool and each is not None:
            return False
    return True


def _time(text: str | None, pointer: str, now: float) -> Iterator[Document]:
    if text is None:
        return
    try:
        moment = parsed(text)
    except (ValueError, OverflowError):
        yield invalid("Invalid time: use ISO 8601.", pointer)
        return
    if moment < EARLIEST:
        yield invalid("The time must be after the year 1990.", pointer)
    elif moment > now + YEAR:
        yield invalid("The time can be at most one year in the future.", pointer)


def _values(value: Any, pointer: str, depth: int) -> Iterator[Document]:
    """The limits that hold at any depth."""
    if isinstance(value, str):
        if len(value) * 4 > MOST_STRING and len(value.encode()) > MOST_STRING:
            yield invalid(f"A string is longer than {MOST_STRING // 1000} KB.", pointer)
    elif isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            yield invalid("A whole number has at most 64 bits.", pointer)
    elif isinstance(value, dict | list):
        if depth > MOST_DEPTH:
            yield invalid(f"Properties are nested at most {MOST_DEPTH} deep.", pointer)
            return
        if isinstance(value, list) and len(value) > MOST_ITEMS:
            yield invalid(f"An array has at most {MOST_ITEMS} items.", pointer)
            return
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in items:
            if not isinstance(each, float | bool | None):
                yield from _values(each, f"{pointer}/{name}", depth + 1)
