"""The data API's capabilities and queries."""

from time import perf_counter
from typing import Any

from starlette.requests import Request

from nevent_sandbox.nevent import analytics
from nevent_sandbox.nevent.routes_segments import wrapped
from nevent_sandbox.nevent.routing import NO_TOKEN, Routes, Side
from nevent_sandbox.nevent.tables import PUBLISHED, TABLES


def add(routes: Routes) -> None:
    """Serve /analytics/…."""
    routes.get("/analytics/capabilities", _capabilities, NO_TOKEN)
    routes.post("/analytics/query", _query)


def _capabilities(side: Side, _request: Request) -> dict[str, Any]:
    tables = [
        {
            "name": name,
            "description": table.description,
            "timeField": table.time_field,
            "tenantField": "tenant_id",
            "columns": [{"name": column, "type": kind} for column, kind in table.columns.items()],
        }
        for name, table in (PUBLISHED if side.published else TABLES).items()
    ]
    return wrapped(side, {"tables": tables, "count": len(tables)})


def _query(side: Side, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
    began = perf_counter()
    query, table = analytics.parsed(body, published=side.published)
    rows = analytics.rows(side.store, query, table)
    metadata = {
        "totalRows": len(rows),
        "executionTime": int((perf_counter() - began) * 1000),
        "query": query.collection,
    }
    return wrapped(side, {"data": rows, "metadata": metadata})
