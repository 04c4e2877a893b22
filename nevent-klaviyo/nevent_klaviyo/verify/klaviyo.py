"""Klaviyo's part: the key, the way to Klaviyo, the account, and each scope that something needs."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from klaviyo_client import (
    REVISION,
    ForbiddenError,
    KlaviyoError,
    KlaviyoSession,
    RejectedError,
    UnavailableError,
)
from klaviyo_client import DeniedError as KlaviyoDeniedError
from klaviyo_client.limits import GET_ACCOUNT
from klaviyo_client.scopes import READS, WRITES, holds

from nevent_klaviyo.verify.checks import FAILED, MISSING, OK, WARNING, Check, obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRIVATE = re.compile(r"pk_[\w-]{8,}", re.ASCII)
_PUBLIC = re.compile(r"[0-9A-Za-z]{6,7}")  # a site id, which stands in web pages
MOST_SKEW = timedelta(minutes=5)
SCOPES = {**READS, **WRITES}


def checked(api_key: str, session: KlaviyoSession) -> Iterator[Check]:
    """One thing after the other, as each is known; what ends the rest comes last."""
    if not _PRIVATE.fullmatch(api_key.strip()):
        public = _PUBLIC.fullmatch(api_key.strip())
        yield Check("key_shape", FAILED, "public_key" if public else "not_a_key")
        return
    yield Check("key_shape", OK)
    try:
        yield from _account(session)
        yield from _clock(session)
        lacking = []
        for scope, probe in SCOPES.items():
            held = holds(session, probe)
            lacking += [] if held else [scope]
            yield Check(
                scope, OK if held else MISSING, "inferred" if probe.writes and held else None
            )
        if lacking == list(SCOPES):
            yield Check("account", FAILED, "suspended")
        elif lacking:
            yield Check("scopes", MISSING, "new_key", values={"scopes": ", ".join(lacking)})
    except KlaviyoDeniedError as error:
        yield Check("account", FAILED, "key_refused", told=str(error))
    except RejectedError as error:
        retired = error.status == HTTPStatus.GONE
        yield Check("revision", FAILED, "retired" if retired else "unexpected", told=str(error))
    except UnavailableError as error:
        yield Check("reachable", FAILED, obstacle(error), told=str(error))
    except KlaviyoError as error:
        yield Check("reachable", FAILED, "unexpected", told=str(error))


def _account(session: KlaviyoSession) -> Iterator[Check]:
    """Whose key it is; without the scope for it, at least that Klaviyo answers."""
    try:
        (account,) = session.get(GET_ACCOUNT)["data"]
    except ForbiddenError:
        yield Check("reachable", OK)
        return
    yield Check("reachable", OK)
    organisation = account["attributes"]["contact_information"]["organization_name"]
    yield Check("account", OK, told=f"{organisation} ({account['id']})")
    yield Check("revision", OK, told=REVISION)


def _clock(session: KlaviyoSession) -> Iterator[Check]:
    skew = session.clock_offset
    if abs(skew) > MOST_SKEW:
        yield Check("clock", WARNING, "skew", values={"minutes": round(skew.total_seconds() / 60)})
    else:
        yield Check("clock", OK)
