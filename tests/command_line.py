"""What a command of nevent-klaviyo left behind."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Told(NamedTuple):
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document it printed."""
        return json.loads(self.out)
