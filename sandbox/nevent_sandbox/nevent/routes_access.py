"""Who am I, refreshing a token, the tenant."""

from typing import Any

from starlette.requests import Request

from nevent_sandbox.nevent.routing import NO_TOKEN, Routes, Side
from nevent_sandbox.nevent.store import TENANT_ID

_TENANT = {
    "id": TENANT_ID,
    "name": "Promotora Demo",
    "domain": "nevent-demo.es",
    "level": 0,
    "parentId": None,
}


def add(routes: Routes) -> None:
    """Serve /auth/… and the tenants."""
    routes.get("/auth/me", _me)
    routes.post("/auth/refresh", _refresh, NO_TOKEN)
    routes.get("/users/accessible-tenants", _tenants)


def _me(_side: Side, _request: Request) -> dict[str, Any]:
    return {
        "id": "64b7f0c2a1d94e3f5c6b7a81",
        "email": "equipo@nevent-demo.es",
        "name": "Equipo Demo",
        "role": "ADMIN",
        "tenantId": TENANT_ID,
    }


def _refresh(side: Side, _request: Request, body: dict[str, Any]) -> dict[str, str]:
    return side.tokens.refresh(str(body.get("refreshToken")))


def _tenants(_side: Side, _request: Request) -> dict[str, Any]:
    return {"root": _TENANT, "children": [], "flatList": [_TENANT], "totalTenants": 1}
