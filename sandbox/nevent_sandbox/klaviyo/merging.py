"""What a write makes of a profile's attributes. Pure functions on plain dictionaries."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

STANDARD = ("first_name", "last_name", "organization", "locale", "title", "image")
LOCATION = (
    "address1",
    "address2",
    "city",
    "country",
    "latitude",
    "longitude",
    "region",
    "zip",
    "timezone",
    "ip",
)


def merged(held: Document, sent: Document, *, clears: bool) -> None:
    """Lay what was sent over what is held: key by key, also in `location` and `properties`.

    With `clears` a null removes; else it is passed over.
    """
    _laid(held, {name: sent[name] for name in STANDARD if name in sent}, clears=clears)
    for name in ("location", "properties"):
        if name not in sent:
            continue
        block = sent[name]
        if block is not None:
            _laid(held.setdefault(name, {}), block, clears=clears)
        elif clears:
            held.pop(name, None)


def patched(held: Document, patch: Document) -> None:
    """Apply `patch_properties`: append to and remove from lists, then unset keys."""
    properties = held.setdefault("properties", {})
    for name, value in (patch.get("append") or {}).items():
        properties[name] = _list(properties.get(name))
        properties[name] += [each for each in _list(value) if each not in properties[name]]
    for name, value in (patch.get("unappend") or {}).items():
        if name in properties:
            gone = _list(value)
            properties[name] = [each for each in _list(properties[name]) if each not in gone]
    unset = patch.get("unset") or []
    for name in [unset] if isinstance(unset, str) else unset:
        properties.pop(name, None)


def _laid(held: Document, sent: Document, *, clears: bool) -> None:
    for name, value in sent.items():
        if value is not None:
            held[name] = value
        elif clears:
            held.pop(name, None)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
