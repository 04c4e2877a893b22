"""Profiles of a page as JSON: what is the same for all is written once, and filled in for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo import moments
from nevent_sandbox.klaviyo.documents import resource
from nevent_sandbox.klaviyo.merging import LOCATION, STANDARD
from nevent_sandbox.klaviyo.profiles import RELATIONSHIPS, profile
from nevent_sandbox.klaviyo.subscriptions import BLOCKS, block_texts, consent_of
from nevent_sandbox.klaviyo.templates import Template, instead, within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nevent_sandbox.klaviyo.calls import Call
    from nevent_sandbox.klaviyo.errors import Document

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode
Row = tuple[Any, ...]


def _time(seconds: int | None) -> bytes:
    return _encode(moments.told(seconds))


# By attribute: its place among the `COLUMNS`, and how it is written.
_COLUMNS: dict[str, tuple[int, Callable[[Any], bytes]]] = {
    "id": (0, str.encode),
    "email": (1, _encode),
    "phone_number": (2, _encode),
    "external_id": (3, _encode),
    "created": (4, _time),
    "updated": (5, _time),
    "last_event_date": (6, _time),
}
_JOINED = "joined_group_at"


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
    needed = dict.fromkeys(template.names)
    plain = [name for name in needed if name in _COLUMNS]
    blocks = [name for name in needed if name in BLOCKS]
    kept = [name for name in needed if name not in {*plain, *blocks, _JOINED}]
    fill = template.filler([*plain, *kept, *blocks, _JOINED])
    columns = [_COLUMNS[name] for name in plain]
    consents = {}
    if blocks:
        consents = consent_of(call.account.store.reading(), [row[8] for row in rows])
    made = []
    for nth, row in enumerate(rows):
        parts = [write(row[column]) for column, write in columns]
        if kept:
            parts += _kept(_decode(row[7]), kept)
        if blocks:
            told = block_texts(consents.get(row[8]), email=bool(row[1]), phone=bool(row[2]))
            parts += [told[name] for name in blocks]
        if joined is not None:
            parts.append(_time(joined[nth]))
        made.append(fill(parts))
    return made


def _template(call: Call, *, with_joined: bool) -> Template | None:
    """A profile's JSON with a place for each of its parts; None where that is too rare to have."""
    additional, wanted = call.query.additional, call.query.fields.get("profile")
    deeper = [name for name in wanted or () if name.count(".") > 2]  # noqa: PLR2004  # within a block
    if "predictive_analytics" in additional or deeper:
        return None
    attributes: Document = {
        name: instead(name) for name in (*_COLUMNS, _JOINED, *STANDARD, "properties")
    }
    del attributes["id"]
    attributes["location"] = {name: instead(f"location.{name}") for name in LOCATION}
    if not with_joined:
        del attributes[_JOINED]
    if "subscriptions" in additional:
        channels: Document = {}
        attributes["subscriptions"] = channels
        for block in BLOCKS:
            _, channel, use = block.split(".")
            channels.setdefault(channel, {})[use] = instead(block)
    related: Document = {name: [] for name in call.query.include if name in RELATIONSHIPS}
    return Template(resource(call, "profile", within("id"), attributes, RELATIONSHIPS, related))


def _kept(held: Document, names: list[str]) -> list[bytes]:
    """The attributes that are kept as JSON."""
    location = held.get("location") or {}
    found = []
    for name in names:
        if name == "properties":
            found.append(_encode(held.get(name) or {}))
        elif name.startswith("location."):
            found.append(_encode(location.get(name[9:])))
        else:
            found.append(_encode(held.get(name)))
    return found
