"""What a fan of the base audience agreed to, and when."""

from typing import Any

from nevent_sandbox.nevent.instants import iso

SOURCES = ("checkout", "newsletter_form", "app", "import")
TEXT_VERSIONS = ("2023-05", "2024-01", "2025-02")


def consent(trait: str, chance: int, created: int, updated: int) -> dict[str, Any] | None:
    """`thirdPartySharing`: None if never asked; given, refused, withdrawn, or given late."""
    if trait == "unasked":
        return None
    granted = withdrawn = None
    if trait == "late consent":
        granted = updated
    elif trait != "refused":
        granted = created + (updated - created) * (chance % 90) // 100
    if trait == "withdrawn" and granted is not None:
        withdrawn = granted + (updated - granted) * (1 + chance % 99) // 100
    return {
        "granted": granted is not None and withdrawn is None,
        "consentedAt": None if granted is None else iso(granted),
        "withdrawnAt": None if withdrawn is None else iso(withdrawn),
        "source": SOURCES[chance % len(SOURCES)],
        "textVersion": TEXT_VERSIONS[chance % len(TEXT_VERSIONS)],
    }


def preferences(chance: int, created: int, updated: int) -> dict[str, Any]:
    """`communicationPreferences`: four channels, each with the time it last changed, if known."""
    found: dict[str, Any] = {}
    for place, (channel, share) in enumerate(
        (("email", 6), ("push", 3), ("sms", 2), ("whatsapp", 1))
    ):
        bits = chance >> 4 * place
        found[f"{channel}Enabled"] = bits & 7 < share
        found[f"{channel}ChangedAt"] = (
            iso(created + (updated - created) * (bits & 63) // 64) if bits & 8 else None
        )
    return found
