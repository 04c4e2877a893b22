"""The stretch of time that a report is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from singer_outcomes.bookmark import written


class Timeframe(NamedTuple):
    """From a midnight of the account's until now."""

    start: datetime
    end: datetime

    @property
    def told(self) -> dict[str, str]:
        """As the API takes it: the account's own clock, whatever the offset says.

        https://developers.klaviyo.com/en/reference/query_campaign_values (revision 2026-07-15):
        "Offset is ignored and the company timezone is used."
        """
        return {
            name: each.replace(tzinfo=UTC).isoformat(timespec="seconds")
            for name, each in self._asdict().items()
        }

    @property
    def columns(self) -> dict[str, str]:
        """As records have it, in UTC."""
        return {"timeframe_start": written(self.start), "timeframe_end": written(self.end)}


def timeframe(now: datetime, days: int, timezone: str | None) -> Timeframe:
    """The last days, today included; the runs of one day begin at the same moment."""
    local = now.astimezone(zone(timezone))
    first = local.date() - timedelta(days=days - 1)
    return Timeframe(datetime.combine(first, time(), local.tzinfo), local)


def zone(timezone: str | None) -> ZoneInfo:
    """The account's timezone; UTC where it is not known."""
    try:
        return ZoneInfo(timezone or "UTC")
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return ZoneInfo("UTC")
