"""One owner per field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_messages import Run, record, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_sandbox.handles import KlaviyoHandle

    Load = Callable[..., Run]

ANA, EVA = "ana@nevent-demo.es", "eva@nevent-demo.es"
PROFILES = schema("profiles", "email", "first_name", "city", "favourite", "notes")
OWNERS = {"first_name": "fill", "city": "fill", "favourite": "fill", "notes": "klaviyo"}


def _held(klaviyo: KlaviyoHandle, email: str) -> tuple[Any, ...]:
    profile = klaviyo.profile(email)
    assert profile is not None
    attributes = profile["attributes"]
    own = attributes["properties"]
    city = attributes["location"]["city"]
    return attributes["first_name"], city, own.get("favourite"), own.get("notes")


def test_what_klaviyo_owns_is_not_written_and_what_is_there_is_not_filled(
    load: Load, klaviyo: KlaviyoHandle
) -> None:
    """Somebody corrected them in Klaviyo; a null does not clear them either."""
    load(
        [
            PROFILES,
            record(
                "profiles",
                email=ANA,
                first_name="Ana",
                city="Vigo",
                favourite=0,
                notes="VIP lounge",
            ),
        ]
    )
    fans = [
        record("profiles", email=each, first_name="Anna", city="Lugo", favourite=7, notes="x")
        for each in (ANA, EVA)
    ]
    load([PROFILES, *fans], owners=OWNERS)
    assert _held(klaviyo, ANA) == ("Ana", "Vigo", 0, "VIP lounge")
    assert _held(klaviyo, EVA) == ("Anna", "Lugo", 7, None)
    load([PROFILES, record("profiles", email=ANA, favourite=None, notes=None)], owners=OWNERS)
    assert _held(klaviyo, ANA) == ("Ana", "Vigo", 0, "VIP lounge")


def test_without_owners_nothing_is_looked_up(load: Load, klaviyo: KlaviyoHandle) -> None:
    """The source owns all of it."""
    load([PROFILES, record("profiles", email=ANA, first_name="Ana")])
    assert klaviyo.requests("GET /profiles") == []
