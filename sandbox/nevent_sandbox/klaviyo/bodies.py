"""Bodies of writes: decoded, checked against their strict shape, refused with pointers."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import msgspec

from nevent_sandbox.klaviyo.errors import ApiError, Document, invalid, malformed, plain
from nevent_sandbox.klaviyo.import_rows import Import, sound_import
from nevent_sandbox.klaviyo.shapes import VALIDATORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import jsonschema_rs
    from starlette.datastructures import Headers

MOST_BYTES = 5_000_000  # decompressed; whether the vendor's MB is decimal is not documented
CONTENT_TYPES = frozenset({"application/vnd.api+json", "application/json"})
LONGEST_DETAIL = 200
NO_JSON = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
_SOUND = {"POST /api/profile-bulk-import-jobs": sound_import}


def plain_body(body: bytes, headers: Headers) -> bytes:
    """The JSON of a request.

    Raises:
        ApiError: 415 for another type or encoding, 413 when too large, 400 when it is broken.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in CONTENT_TYPES:
        raise plain(415, f"Unsupported media type '{kind}' in request.")
    encoding = headers.get("content-encoding", "identity").lower()
    if encoding == "gzip":
        body = _gunzipped(body)
    elif encoding != "identity":
        raise plain(415, f"Unsupported content encoding '{encoding}' in request.")
    if len(body) > MOST_BYTES:
        raise plain(413)
    return body


def decoded(body: bytes) -> Any:
    """The document of it.

    Raises:
        ApiError: 400 when it is no JSON.
    """
    try:
        return msgspec.json.decode(body)
    except NO_JSON:
        raise malformed() from None


def sound(operation: str, body: bytes) -> Import | None:
    """A bulk body in which nothing is wrong, read the quick way; None is for the general one."""
    read = _SOUND.get(operation)
    if read is None:
        return None
    try:
        return read(body)
    except NO_JSON:  # or not of this shape
        return None


def _gunzipped(body: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain_body = unpacking.decompress(body, MOST_BYTES + 1)
    except zlib.error:
        raise malformed() from None
    if len(plain_body) <= MOST_BYTES and not unpacking.eof:
        raise malformed()
    return plain_body


def check_shape(operation: str, document: Any) -> None:
    """Refuse what is not of the operation's shape.

    Raises:
        ApiError: 400 with every place that is wrong.
    """
    validator = VALIDATORS[operation]
    if validator.is_valid(document):
        return
    if not isinstance(document, dict) or "data" not in document:
        raise malformed()
    raise ApiError(
        400, [p for each in validator.iter_errors(document) for p in _told(each, document)]
    )


def pointer(*path: Any) -> str:
    """A JSON pointer."""
    return "".join(f"/{part}" for part in path)


def _told(error: jsonschema_rs.ValidationError, document: Any) -> Iterator[Document]:
    path = error.instance_path
    kind: Any = error.kind
    if kind.name == "additionalProperties":
        resource = _resource(document, path)
        for name in kind.unexpected:
            detail = f"'{name}' is not a valid field for the resource '{resource}'."
            yield invalid(detail, pointer(*path, name))
    elif kind.name == "required":
        yield invalid(f"The field '{kind.property}' is required.", pointer(*path, kind.property))
    else:
        yield invalid(error.message[:LONGEST_DETAIL], pointer(*path))


def _resource(document: Any, path: list[str | int]) -> str:
    """The type of the innermost resource on the way."""
    name, place = "document", document
    for part in path:
        place = place[part]
        if isinstance(place, dict) and isinstance(place.get("type"), str):
            name = place["type"]
    return name
