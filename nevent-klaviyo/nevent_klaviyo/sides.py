"""Both sides, opened for reading, and what could not be read of them."""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from klaviyo_client import ForbiddenError, KlaviyoError, KlaviyoSession
from nevent_client.errors import DeniedError, NeventError, NotServedError, RefusedError
from nevent_client.paging import Pager
from nevent_client.session import Session

from nevent_klaviyo.errors import SettingError
from nevent_klaviyo.settings import variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nevent_klaviyo.settings import Settings

T = TypeVar("T")

TRIES, _PATIENCE = 6, 180  # of one request, seconds: somebody is waiting
NEVENT, KLAVIYO = "nevent", "klaviyo"


class Sides(NamedTuple):
    """Sessions with both sides, for the length of one command."""

    nevent: Session
    pager: Pager
    klaviyo: KlaviyoSession
    settings: Settings


@contextmanager
def opened(settings: Settings, *, tries: int = TRIES) -> Iterator[Sides]:
    """Both sides, closed afterwards; each request is tried so many times.

    Raises:
        SettingError: an address or a changed operation that cannot be.
    """
    try:
        nevent = Session(
            api_url=settings.nevent_api_url,
            data_api_url=settings.nevent_data_api_url,
            auth_token=settings.nevent_auth_token,
            refresh_token=settings.nevent_refresh_token,
            operations=settings.nevent_operations,
            user_agent="nevent-klaviyo",
            attempts=tries,
        )
        klaviyo = KlaviyoSession(
            settings.klaviyo_api_key,
            api_url=settings.klaviyo_api_url,
            max_tries=tries,
            patience=_PATIENCE,
        )
    except (NeventError, KlaviyoError, ValueError) as error:
        raise SettingError(str(error)) from error
    try:
        yield Sides(nevent, Pager(nevent), klaviyo, settings)
    finally:
        nevent.close()
        klaviyo.close()


def make_sure_of_nevent(nevent: Session) -> None:
    """Before a 404 is taken for somebody unknown: whether it was Nevent that answered.

    Raises:
        SettingError: something else is at its address.
    """
    try:
        nevent.call("me")
    except NotServedError as error:
        names = " / ".join(variables("nevent_api_url"))
        raise SettingError(f"{names}: Nevent is not at this address ({error})") from error


class Problem(NamedTuple):
    """A block that could not be read: of which side, and why."""

    side: str
    block: str
    message: str


class Problems:
    """Notes what one key or one Nevent does not show, and lets the rest be shown."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def read(self, side: str, block: str, reading: Callable[[], T]) -> T | None:
        """What `reading` gives; None, and a note, where it may not be read or is not served.

        Raises:
            KlaviyoError, NeventError: everything else, which concerns the whole side.
        """
        try:
            return reading()
        except (ForbiddenError, NotServedError, RefusedError) as error:
            self.note(side, block, str(error))
        except DeniedError as error:
            if error.status != HTTPStatus.FORBIDDEN:
                raise
            self.note(side, block, str(error))
        return None

    def note(self, side: str, block: str, message: str) -> None:
        """Note that a block lacks something."""
        self.found.append(Problem(side, block, message))
