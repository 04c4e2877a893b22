"""What is made of settings alone, once for a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_client.session import Session
from singer_outcomes.identifiers import SettingError
from singer_outcomes.rejects import RejectedError

from target_nevent.moments import time_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def since(config: Mapping[str, Any]) -> datetime | None:
    """The setting import_since.

    Raises:
        SettingError: it is no time.
    """
    try:
        return time_of(config, "import_since")
    except RejectedError as error:
        raise SettingError(f"{error}: write it as 2026-01-31T00:00:00+00:00.") from None


def session(config: Mapping[str, Any], user_agent: str) -> Session:
    """What speaks to Nevent.

    Raises:
        SettingError: `operations` names what there is not.
    """
    try:
        return Session(
            api_url=config["api_url"],
            data_api_url=config["api_url"],  # nothing is asked of the other service
            auth_token=config["auth_token"],
            refresh_token=config.get("refresh_token"),
            operations=config["operations"],
            user_agent=user_agent,
        )
    except ValueError as error:
        raise SettingError(f"The setting operations is not right: {error}") from None
