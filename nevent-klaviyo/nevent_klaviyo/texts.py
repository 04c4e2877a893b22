"""Every text that people read on the screen, in English and in Spanish: `texts.toml`, by key."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "es")


@cache
def texts() -> dict[str, dict[str, str]]:
    """All texts by key and language."""
    return tomllib.loads((files(__package__) / "texts.toml").read_text(encoding="utf-8"))


class Words:
    """The texts in one language."""

    def __init__(self, lang: str) -> None:
        self._lang = lang

    def __call__(self, key: str, **values: Any) -> str:
        """The text of this key, with these values in it."""
        return texts()[key][self._lang].format(**values)

    def code(self, code: Any) -> str:
        """What a code of either side means; the code itself where it is none of ours."""
        return self(code) if code in texts() else str(code or "")

    def flag(self, *, value: bool | None) -> str:
        """A yes, a no, or that nobody said."""
        return self("unsaid" if value is None else "yes" if value else "no")
