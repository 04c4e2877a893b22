"""JSON:API documents: resources with their links, sparse fields, what is included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_sandbox.klaviyo.calls import Answer
from nevent_sandbox.klaviyo.paging import links

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nevent_sandbox.klaviyo.calls import Call
    from nevent_sandbox.klaviyo.errors import Document
    from nevent_sandbox.klaviyo.paging import Page

FOLDERS = {
    "account": "accounts",
    "attribution": "attributions",
    "campaign": "campaigns",
    "campaign-message": "campaign-messages",
    "event": "events",
    "flow": "flows",
    "flow-action": "flow-actions",
    "flow-message": "flow-messages",
    "list": "lists",
    "mapped-metric": "mapped-metrics",
    "metric": "metrics",
    "profile": "profiles",
    "profile-bulk-import-job": "profile-bulk-import-jobs",
    "profile-suppression-bulk-create-job": "profile-suppression-bulk-create-jobs",
    "profile-suppression-bulk-delete-job": "profile-suppression-bulk-delete-jobs",
    "segment": "segments",
}
UNLINKED_SELF = frozenset({"import-errors"})  # relationships that have no address of their own


def resource(
    call: Call,
    kind: str,
    identifier: str,
    attributes: Document,
    relationships: Iterable[str] = (),
    related: dict[str, Any] | None = None,
) -> Document:
    """One resource as this request wants it.

    The names in `relationships` get links, those in `related` their `data` too.
    """
    own = f"{call.host}/api/{FOLDERS[kind]}/{identifier}/"
    wanted = call.query.fields.get(kind)
    made: Document = {
        "type": kind,
        "id": identifier,
        "attributes": attributes if wanted is None else sparse(attributes, wanted),
    }
    linked: Document = {}
    for name in relationships:
        links = {"related": f"{own}{name}/"}
        if name not in UNLINKED_SELF:
            links["self"] = f"{own}relationships/{name}/"
        linked[name] = {"links": links}
        if related is not None and name in related:
            linked[name]["data"] = related[name]
    if linked:
        made["relationships"] = linked
    made["links"] = {"self": own}
    return made


def sparse(attributes: Document, wanted: frozenset[str], prefix: str = "") -> Document:
    """Only the attributes that are named, `location.city` by its path."""
    kept: Document = {}
    for name, value in attributes.items():
        path = prefix + name
        if path in wanted:
            kept[name] = value
        elif isinstance(value, dict):
            inner = sparse(value, wanted, f"{path}.")
            if inner:
                kept[name] = inner
    return kept


def single(
    call: Call, made: Document, included: list[Document] | None = None, status: int = 200
) -> Answer:
    """A document of one resource."""
    document: Document = {"data": made, "links": {"self": f"{call.url}/"}}
    if call.query.include:
        document["included"] = included or []
    return Answer(status, document, 1)


def collection(
    call: Call, made: list[Document], found: Page, included: list[Document] | None = None
) -> Answer:
    """A document of one page of resources."""
    document: Document = {"data": made, "links": links(call.url, call.pairs, found)}
    if call.query.include:
        document["included"] = included or []
    return Answer(200, document, len(made))


def reference(kind: str, identifier: str) -> Document:
    """A resource by type and id alone."""
    return {"type": kind, "id": identifier}
