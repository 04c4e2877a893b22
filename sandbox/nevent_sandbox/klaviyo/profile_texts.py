"""Profiles of a page as JSON: what is the same for all is written once, and filled in for each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import moments
from nevent_sandbox.klaviyo.documents import resource
from nevent_sandbox.klaviyo.merging import LOCATION, STANDARD
from nevent_sandbox.klaviyo.profiles import RELATIONSHIPS, profile
from nevent_sandbox.klaviyo.subscriptions import BLOCKS, block_texts, consent_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nevent_sandbox.klaviyo.calls import Call
    from nevent_sandbox.klaviyo.errors import Document

_PLACE = re.compile(r"%\((\S+?)\)s")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode
Row = tuple[Any, ...]


def _text(value: Any) -> str:
    return "null" if value is None else _encode(value).decode()


def _time(seconds: int | None) -> str:
    return "null" if seconds is None else f'"{moments.told(seconds)}"'


# By attribute: its place among the `COLUMNS`, and how it is written.
_COLUMNS: dict[str, tuple[int, Callable[[Any], str]]] = {
    "email": (1, _text),
    "phone_number": (2, _text),
    "external_id": (3, _text),
    "created": (4, _time),
    "updated": (5, _time),
    "last_event_date": (6, _time),
}
_PLAIN = (*_COLUMNS, "joined_group_at")


def profile_texts(
    call: Call, rows: Sequence[Row], joined: Sequence[int] | None = None
) -> list[Any]:
    """What `profiles.profile` makes of rows of its `COLUMNS`; `joined` is when each joined."""
    template = _template(call, with_joined=joined is not None)
    if template is None:
        return [
            profile(call, row)
            if joined is None
            else profile(call, row, joined_group_at=moments.told(joined[nth]))
            for nth, row in enumerate(rows)
        ]
    needed = set(_PLACE.findall(template))
    plain = [(name, *_COLUMNS[name]) for name in needed & _COLUMNS.keys()]
    kept = needed.difference(_PLAIN, BLOCKS, ("id",))
    blocks = needed.intersection(BLOCKS)
    consents = {}
    if blocks:
        consents = consent_of(call.account.store.reading(), [row[8] for row in rows])
    made = []
    for nth, row in enumerate(rows):
        parts = {name: write(row[column]) for name, column, write in plain}
        parts["id"] = row[0]
        if joined is not None:
            parts["joined_group_at"] = _time(joined[nth])
        if kept:
            parts |= _kept(_decode(row[7]), kept)
        if blocks:
            parts |= block_texts(consents.get(row[8]), email=bool(row[1]), phone=bool(row[2]))
        made.append(msgspec.Raw(template % parts))
    return made


def _template(call: Call, *, with_joined: bool) -> str | None:
    """A profile's JSON with a place for each of its parts; None where that is too rare to have."""
    additional, wanted = call.query.additional, call.query.fields.get("profile")
    deeper = [name for name in wanted or () if name.count(".") > 2]  # noqa: PLR2004  # within a block
    if "predictive_analytics" in additional or deeper:
        return None
    attributes: Document = {name: f"@{name}@" for name in (*_PLAIN, *STANDARD, "properties")}
    attributes["location"] = {name: f"@location.{name}@" for name in LOCATION}
    if not with_joined:
        del attributes["joined_group_at"]
    if "subscriptions" in additional:
        channels: Document = {}
        attributes["subscriptions"] = channels
        for block in BLOCKS:
            _, channel, use = block.split(".")
            channels.setdefault(channel, {})[use] = f"@{block}@"
    related: Document = {name: [] for name in call.query.include if name in RELATIONSHIPS}
    made = resource(call, "profile", "@id@", attributes, RELATIONSHIPS, related)
    text = _encode(made).decode().replace("%", "%%")
    text = re.sub(r'"@((?!id@)[a-z0-9_.]+)@"', r"%(\1)s", text)
    return text.replace("@id@", "%(id)s")


def _kept(held: Document, names: set[str]) -> dict[str, str]:
    """The attributes that are kept as JSON."""
    location = held.get("location") or {}
    found = {}
    for name in names:
        if name == "properties":
            found[name] = _text(held.get(name) or {})
        elif name.startswith("location."):
            found[name] = _text(location.get(name[9:]))
        else:
            found[name] = _text(held.get(name))
    return found
