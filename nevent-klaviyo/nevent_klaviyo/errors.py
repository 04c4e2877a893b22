"""What ends a command early, and with which exit code."""

from __future__ import annotations

FAILED = 1
MISUSED = 2  # click's own, for arguments; ours for settings
UNKNOWN_PERSON = 3
INCOMPLETE = 4  # it works, but not all of it


class CommandError(Exception):
    """A command cannot go on. The text is for whoever ran it and says what to do."""

    exit_code = FAILED


class SettingError(CommandError):
    """A setting is missing or unreadable: whoever runs the command sets it."""

    exit_code = MISUSED


class UnknownPersonError(CommandError):
    """Neither side knows this person."""

    exit_code = UNKNOWN_PERSON


class UnaskedError(CommandError):
    """One side does not know the person, the other could not be asked."""


class UnknownCampaignError(CommandError):
    """No campaign of this name or id was ever sent."""
