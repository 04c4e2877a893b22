"""How far a stream has read, in Nevent's form of times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_client.rows import moment, written
from singer_outcomes import bookmark
from typing_extensions import override

if TYPE_CHECKING:
    from datetime import datetime


class Bookmark(bookmark.Bookmark):
    """Never falls, never passes Nevent's now."""

    @staticmethod
    @override
    def moment(value: Any) -> str | None:
        return moment(value)

    @staticmethod
    @override
    def written(time: datetime) -> str:
        return written(time)
