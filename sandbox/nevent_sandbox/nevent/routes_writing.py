"""What other systems may change of fans: new ones, their fields, what they want to be sent."""

from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict
from starlette.requests import Request

from nevent_sandbox.nevent.answers import ConflictError, UnprocessableError
from nevent_sandbox.nevent.bodies import (
    CustomValue,
    NewUser,
    Preferences,
    Sharing,
    UserChange,
    email_in,
    past,
    read,
)
from nevent_sandbox.nevent.changes import Changes
from nevent_sandbox.nevent.instants import iso
from nevent_sandbox.nevent.routes_fans import fan_of
from nevent_sandbox.nevent.routing import ONE, Routes, Side

CHANNELS = ("email", "push", "sms", "whatsapp")


def add(routes: Routes) -> None:
    """Serve what writes to /users…."""
    routes.post("/users", _create, ONE)
    routes.put("/users/{id}", _update, ONE)
    routes.put("/users/{id}/communication-preferences", _prefer, ONE)


def _create(side: Side, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
    asked = read(body, NewUser)
    email = email_in(asked.email)
    values = _values(side, asked, [])
    if side.store.fan_by_email(email) is not None:
        raise ConflictError("A user with this e-mail exists")
    return side.wire.fan(Changes(side.store).add_fan({"email": email, **values}))


def _update(side: Side, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    fan = fan_of(side, request)
    asked = read(body, UserChange)
    values = _values(side, asked, fan["customFieldValues"])
    return side.wire.fan(Changes(side.store).set_fan(fan, values))


def _prefer(side: Side, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    fan = fan_of(side, request)
    asked = asdict(read(body, Preferences))
    changes = Changes(side.store)
    now = changes.at
    known = fan["communicationPreferences"]
    fresh: dict[str, Any] = {}
    for channel in CHANNELS:
        told = asked[f"{channel}ChangedAt"]
        if told is not None and not side.published:
            changed = past(told, f"{channel}ChangedAt", now)
        else:
            changed = now
        if asked[f"{channel}Enabled"] != known[f"{channel}Enabled"]:
            fresh[f"{channel}Enabled"] = asked[f"{channel}Enabled"]
            fresh[f"{channel}ChangedAt"] = iso(changed)
    return side.wire.preferences(changes.set_fan(fan, {"communicationPreferences": fresh}))


def _values(side: Side, asked: UserChange, custom: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields that a body sets, in the shape of a row."""
    told = {name: getattr(asked, name) for name in asked.__struct_fields__}
    values = {name: value for name, value in told.items() if value is not UNSET and name != "email"}
    sharing = values.pop("thirdPartySharing", UNSET)
    if sharing is not UNSET and not side.published:
        values["thirdPartySharing"] = None if sharing is None else _sharing(side, sharing)
    if "customFieldValues" in values:
        values["customFieldValues"] = _merged(side, values["customFieldValues"], custom)
    return values


def _sharing(side: Side, asked: Sharing) -> dict[str, Any]:
    """Consent as rows have it.

    Raises:
        UnprocessableError: it is granted without a time, or at none that has come.
    """
    now = side.store.now()
    if asked.granted and asked.consentedAt is None:
        raise UnprocessableError("Field 'thirdPartySharing.consentedAt' is required to grant")
    told = asked.consentedAt
    given = None if told is None else iso(past(told, "thirdPartySharing.consentedAt", now))
    return {
        "granted": asked.granted,
        "consentedAt": given,
        "withdrawnAt": iso(now) if given and not asked.granted else None,
        "source": asked.source,
        "textVersion": asked.textVersion,
    }


def _merged(
    side: Side, asked: list[CustomValue], known: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    definitions = {row["id"]: row for row in side.store.definitions}
    for each in asked:
        definition = definitions.get(each.propertyDefinitionId)
        if definition is None or definition["propertyType"] != "CUSTOM":
            raise UnprocessableError("Field 'customFieldValues' names no custom property")
        if each.value is not None and not _fits(each.value, definition["dataType"]):
            raise UnprocessableError(
                f"Property '{definition['name']}' takes a {definition['dataType']}"
            )
    fresh = {each.propertyDefinitionId: each.value for each in asked}
    kept = [row for row in known if row["propertyDefinitionId"] not in fresh]
    added = [
        {"propertyDefinitionId": name, "value": value}
        for name, value in fresh.items()
        if value is not None
    ]
    return kept + added


def _fits(value: Any, kind: str) -> bool:
    if kind == "NUMBER":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "BOOLEAN":
        return isinstance(value, bool)
    if kind == "LIST":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str)
