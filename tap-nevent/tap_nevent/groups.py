"""Which data of a fan can be switched off together (setting `sync_groups`).

What stands in no group is always there: keys, e-mail and phone, consent, times of change, and the
streams of withdrawals, erasures and reference data.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NAMES = ("basic", "attendance", "purchases", "tags_segments", "music")
WHOLE = "*"
CUSTOM = "custom fields"
_CHANNELS = ("email", "sms", "push", "whatsapp")

# group -> stream -> columns; WHOLE stands for the stream itself
GROUPS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "basic": {
            "fans": (
                *("first_name", "last_name", "city", "country", "locale", "created_at"),
                *(f"{channel}_enabled" for channel in _CHANNELS),
                *(f"{channel}_changed_at" for channel in _CHANNELS),
                CUSTOM,
            ),
            "fan_activity": ("country",),
            "fan_withdrawals": ("country",),
            "newsletter_subscriptions": (WHOLE,),
        },
        "attendance": {
            "attendance": (WHOLE,),
            "fan_activity": (
                "total_events_attended",
                "first_event_date",
                "last_event_date",
                "last_event_attended",
            ),
        },
        "purchases": {
            "purchases": (WHOLE,),
            "tickets": (WHOLE,),
            "fan_activity": (
                *("total_spent", "next_event", "next_event_date"),
                *("next_event_on_sale", "next_event_on_sale_date", "vip_status"),
            ),
        },
        "tags_segments": {
            "fans": ("nevent_tags", "nevent_segments"),
            "segments": (WHOLE,),
            "segment_members": (WHOLE,),
        },
        "music": {
            "fan_activity": ("favorite_genres", "favorite_artist", "recommended_artists"),
            "tickets": ("artist_lineup",),
        },
    }
)


def left_out(stream: str, on: Collection[str]) -> set[str]:
    """Columns of a stream whose group is off; WHOLE among them for the stream itself."""
    off = [columns for name, columns in GROUPS.items() if name not in on]
    return {column for columns in off for column in columns.get(stream, ())}


def schema(stream: str, whole: Mapping[str, Any], on: Collection[str]) -> dict[str, Any] | None:
    """The stream's schema with these groups on; None where nothing of it is left."""
    out = left_out(stream, on)
    kept = {name: each for name, each in whole["properties"].items() if name not in out}
    switched = {c for columns in GROUPS.values() for c in columns.get(stream, ())}
    derived = stream == "fan_activity" and not switched & kept.keys()
    return None if WHOLE in out or derived else {**whole, "properties": kept}
