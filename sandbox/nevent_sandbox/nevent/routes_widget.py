"""What a web page asks before it shows a newsletter's form: its words, its fields, its key."""

from typing import Any

from starlette.requests import Request

from nevent_sandbox.nevent.answers import BadRequestError, MissingError, UnauthorizedError
from nevent_sandbox.nevent.newsletters import NAMES
from nevent_sandbox.nevent.routing import NO_TOKEN, Routes, Side
from nevent_sandbox.nevent.store import TENANT_ID

_SEMANTIC = {"name": "firstName", "surname": "lastName"}


def add(routes: Routes) -> None:
    """Serve /public/widget/{id}/config."""
    routes.get("/public/widget/{id}/config", _config, NO_TOKEN)


def newsletter_of(side: Side, request: Request) -> int:
    """The number of the newsletter that path and tenant name.

    Raises:
        BadRequestError: no tenant is named.
        MissingError: the tenant has no such newsletter.
    """
    store, query = side.store, request.query_params
    if "tenantId" not in query:
        raise BadRequestError("Parameter 'tenantId' is required")
    number = store.identifiers.number("newsletter", request.path_params["id"])
    if number is None or number >= len(store.subscriptions) or query["tenantId"] != TENANT_ID:
        raise MissingError("Newsletter not found")
    return number


def check_key(request: Request) -> None:
    """Let who has the form's key pass, and who sends none.

    Raises:
        UnauthorizedError: it is another one.
    """
    if request.headers.get("x-api-key") not in {None, "", _key(request.path_params["id"])}:
        raise UnauthorizedError("Invalid API key")


def _key(newsletter: str) -> str:
    return f"widget-{newsletter}"


def _config(side: Side, request: Request) -> dict[str, Any]:
    number = newsletter_of(side, request)
    standard = [row for row in side.store.definitions if not row["sensitive"]]
    return {
        "title": NAMES[number],
        "companyName": "Promotora Demo",
        "privacyPolicyUrl": "https://nevent-demo.es/privacidad",
        "token": _key(request.path_params["id"]),
        "messages": {"success": "Gracias", "alreadySubscribed": "Already subscribed"},
        "styles": {},
        "fieldConfigurations": [
            {
                "propertyDefinitionId": row["id"],
                "displayName": row["displayName"],
                "semanticKey": _semantic(row),
                "dataType": row["dataType"],
                "required": row["required"],
                "enabled": True,
                "displayOrder": place,
                "options": row["listValues"],
            }
            for place, row in enumerate(standard)
        ],
    }


def _semantic(row: dict[str, Any]) -> str | None:
    name = str(row["name"])
    return _SEMANTIC.get(name, name) if row["propertyType"] == "STANDARD" else None
