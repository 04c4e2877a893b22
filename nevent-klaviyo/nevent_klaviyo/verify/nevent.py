"""Nevent's part: the way to it, the token, its tenant and role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevent_client.errors import (
    AddressError,
    DeniedError,
    NeventError,
    NotServedError,
    UnavailableError,
)
from nevent_client.paging import Pager

from nevent_klaviyo.verify.checks import FAILED, OK, WARNING, Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nevent_client.session import Session

ADMIN = "ADMIN"


def checked(session: Session) -> Iterator[Check]:
    """One thing after the other, as each is known; what ends the rest comes last."""
    try:
        me = session.call("me")
        yield Check("reachable", OK)
        yield Check("tenant", OK, told=str(me.get("tenantId")))
        role = str(me.get("role"))
        if role == ADMIN:
            yield Check("role", OK, told=role)
        else:
            yield Check("role", WARNING, "no_admin", told=role)
        Pager(session).page("users", 0, query={"size": 1})
        yield Check("fans", OK)
    except DeniedError as error:
        yield Check("token", FAILED, "token_refused", told=str(error))
    except (AddressError, NotServedError) as error:
        yield Check("reachable", FAILED, "another_answers", told=str(error))
    except UnavailableError as error:
        yield Check("reachable", FAILED, "unreachable", told=str(error))
    except NeventError as error:
        yield Check("reachable", FAILED, "unexpected", told=str(error))
