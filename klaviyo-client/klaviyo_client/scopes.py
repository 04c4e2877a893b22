"""What a key may do, asked without changing anything (OpenAPI, revision 2026-07-15).

Reading is asked with one cheap read for each scope. Writing is asked with a document that can never
be applied, as it holds nothing: Klaviyo looks at the scopes first, so 403 means that the scope is
missing, and a refusal of the document that it is there.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # a NamedTuple's field
from typing import TYPE_CHECKING, Any, NamedTuple

from klaviyo_client import limits
from klaviyo_client.errors import ForbiddenError, RejectedError
from klaviyo_client.limits import Operation  # noqa: TC001  # a NamedTuple's field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from klaviyo_client.session import KlaviyoSession


class Probe(NamedTuple):
    """A request that tells whether a key has a scope.

    `params` are those of a read, with as few rows as there can be; `path_id` is of what is not
    there, so that 404 means that the scope is.
    """

    operation: Operation
    params: Mapping[str, Any] = {}
    path_id: str = ""

    @property
    def writes(self) -> bool:
        """Whether it asks for writing."""
        return self.operation.method != "GET"


_ONE = {"page[size]": 1}
# Never a report: there are 225 a day, and their scopes show in what is read without counting.
READS: Mapping[str, Probe] = {
    "accounts:read": Probe(limits.GET_ACCOUNT),
    "campaigns:read": Probe(
        limits.GET_CAMPAIGNS, {"filter": "equals(messages.channel,'email')", "page[size]": 1}
    ),
    "events:read": Probe(limits.GET_EVENTS, _ONE),
    "flows:read": Probe(limits.GET_FLOWS, _ONE),
    "lists:read": Probe(limits.GET_LISTS, _ONE),
    "metrics:read": Probe(limits.GET_METRICS),
    "profiles:read": Probe(limits.GET_PROFILES, _ONE),
    "segments:read": Probe(limits.GET_SEGMENTS, _ONE),
    "subscriptions:read": Probe(limits.GET_SUPPRESS_JOB, path_id="none"),
}
# Of each scope an operation that needs no other.
WRITES: Mapping[str, Probe] = {
    "data-privacy:write": Probe(limits.DELETE_PERSON),
    "events:write": Probe(limits.CREATE_EVENTS),
    "lists:write": Probe(limits.CREATE_LIST),
    "profiles:write": Probe(limits.MERGE_PROFILES),
    "subscriptions:write": Probe(limits.UNSUPPRESS),
}
_NOTHING = b'{"data":{}}'


def holds(session: KlaviyoSession, probe: Probe) -> bool:
    """Whether the key has the scope of this probe; that of a write is inferred.

    Raises:
        DeniedError: the key itself is not accepted.
        UnavailableError: there is no answer.
    """
    try:
        if probe.writes:
            session.post(probe.operation, _NOTHING)
        else:
            session.get(probe.operation, path_id=probe.path_id, **probe.params)
    except ForbiddenError:
        return False
    except RejectedError:
        if not (probe.writes or probe.path_id):
            raise
    return True


def missing(session: KlaviyoSession, scopes: Iterable[str]) -> set[str]:
    """Those of these read scopes that the key lacks; raises as `holds` does."""
    return {each for each in sorted(set(scopes)) if not holds(session, READS[each])}
