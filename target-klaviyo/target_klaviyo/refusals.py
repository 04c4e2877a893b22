"""What Klaviyo refuses, as the reason of a reject."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klaviyo_client import Problem


def told(problem: Problem) -> str:
    """A refusal as a reason."""
    return f"Klaviyo: {problem.code}: {problem.detail}"
