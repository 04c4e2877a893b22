"""The form of a newsletter, open to everybody."""

import re
from typing import Any

from starlette.requests import Request

from nevent_sandbox.nevent.answers import ConflictError, UnprocessableError
from nevent_sandbox.nevent.bodies import Subscribe, email_in, past, read
from nevent_sandbox.nevent.changes import Changes
from nevent_sandbox.nevent.instants import iso
from nevent_sandbox.nevent.routes_widget import check_key, newsletter_of
from nevent_sandbox.nevent.routing import NO_TOKEN, ONE, Routes, Side
from nevent_sandbox.nevent.rows import Fan

_OF_FAN = ("name", "surname", "phone", "birthDate", "gender", "postalCode")


def add(routes: Routes) -> None:
    """Serve /public/newsletter/{id}/subscribe."""
    routes.post("/public/newsletter/{id}/subscribe", _subscribe, NO_TOKEN, ONE)


def _subscribe(side: Side, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    store = side.store
    number = newsletter_of(side, request)
    check_key(request)
    side.forms.admit(number, side.knobs)
    asked = read(body, Subscribe)
    email = email_in(asked.email)
    if not asked.consent.marketing:
        raise UnprocessableError("Field 'consent.marketing' must be true")
    given = iso(past(asked.consent.timestamp, "consent.timestamp", store.now()))
    properties = _by_name(side, asked.properties)
    changes = Changes(store)
    fan = store.fan_by_email(email)
    subscription = store.subscription_of(number, email, fan)
    if subscription is not None and subscription["status"] != "UNSUBSCRIBED":
        raise ConflictError("Already subscribed")
    fan = fan or _joined(changes, email, given, properties)
    told: dict[str, Any] = {
        "status": "PENDING" if side.knobs.double_opt_in else "CONFIRMED",
        "customFields": asked.properties,
        "consent": {"marketing": True, "timestamp": given},
    }
    if asked.source is not None and not side.published:
        told["source"] = asked.source
    if subscription is None:
        told |= {"userId": fan["id"], "email": email}
        subscription = changes.subscribe(number, told)
    else:
        told |= {"subscribedAt": iso(changes.at), "unsubscribedAt": None}
        told["userId"] = subscription["userId"] or fan["id"]
        subscription = changes.set_subscription(number, subscription, told)
    words = "Check your inbox" if side.knobs.double_opt_in else "Subscribed"
    return {
        "success": True,
        "data": {"success": True, "message": words, "subscriptionId": subscription["id"]},
    }


def _joined(changes: Changes, email: str, given: str, properties: dict[str, str]) -> Fan:
    """A fan whom nobody knew: what the form told of him, and mail wanted since then."""
    custom = {name: value for name, value in properties.items() if name not in _OF_FAN}
    wanted = {"emailEnabled": True, "emailChangedAt": given}
    return changes.add_fan(
        {
            "email": email,
            **{name: value for name, value in properties.items() if name in _OF_FAN},
            "communicationPreferences": wanted,
            **({"custom": custom} if custom else {}),
        }
    )


def _by_name(side: Side, properties: dict[str, str]) -> dict[str, Any]:
    """What the form asked besides, by technical name, typed as its definition says.

    Raises:
        UnprocessableError: a property is not defined, or its text is no such value.
    """
    definitions = {row["id"]: row for row in side.store.definitions}
    found: dict[str, Any] = {}
    for identifier, text in properties.items():
        definition = definitions.get(identifier)
        if definition is None:
            raise UnprocessableError("Field 'properties' names no property definition")
        if definition["name"] == "email" and definition["propertyType"] == "STANDARD":
            continue
        found[definition["name"]] = _typed(definition, text)
    return found


def _typed(definition: dict[str, Any], text: str) -> Any:
    kind, standard = definition["dataType"], definition["propertyType"] == "STANDARD"
    if kind == "BOOLEAN" and text in {"true", "false"}:
        return text == "true"
    if kind == "LIST" and not standard:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind == "NUMBER" and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    if kind in {"NUMBER", "BOOLEAN"}:
        raise UnprocessableError(f"Property '{definition['name']}' takes a {kind}")
    return text
