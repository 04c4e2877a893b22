"""The tenant's segments, and who is in one: stanzas are AND-ed, their criteria OR-ed."""

from collections.abc import Sequence
from typing import Any

from nevent_sandbox.nevent.concerts import Concert
from nevent_sandbox.nevent.identifiers import Identifiers
from nevent_sandbox.nevent.instants import DAY, iso


def _criterion(name: str, operator: str, value: Any, **filters: str) -> dict[str, Any]:
    found = {"criterion_id": name, "operator": operator, "value": value}
    return {**found, "filters": filters} if filters else found


def segments(
    identifiers: Identifiers, tenant: str, start: int, concerts: Sequence[Concert]
) -> list[dict[str, Any]]:
    """Five active segments, one inactive and one draft, in the shape of the API."""
    festival = [c for c in concerts if c.days > 1 and c.end < start][-1]
    rows: tuple[tuple[str, str, list[list[dict[str, Any]]]], ...] = (
        ("High Spenders (>200€)", "ACTIVE", [[_criterion("total_spent", "gt", 200)]]),
        (
            f"Estuvo en {festival.name}",
            "ACTIVE",
            [[_criterion("attended_event", "eq", festival.id)]],
        ),
        (
            "Techno Fans",
            "ACTIVE",
            [
                [
                    _criterion("user_label", "eq", "techno"),
                    _criterion(
                        "user_custom_field", "eq", "Techno", property_name="estilos_favoritos"
                    ),
                ],
                [_criterion("user_country", "in", ["ES", "PT", "FR"])],
            ],
        ),
        (
            "VIP",
            "ACTIVE",
            [
                [
                    _criterion("user_label", "eq", "vip"),
                    _criterion("ticket_type", "in", ["Entrada VIP", "Abono VIP"]),
                ]
            ],
        ),
        (
            "Llegaron por Instagram",
            "ACTIVE",
            [[_criterion("user_custom_field", "eq", "instagram", property_name="origen_fan")]],
        ),
        ("Gastan poco (antiguo)", "INACTIVE", [[_criterion("total_spent", "lt", 20)]]),
        ("Borrador ñ 🎧", "DRAFT", []),
    )
    return [
        _segment(identifiers.make("segment", n), tenant, start - (40 + n) * DAY, *row)
        for n, row in enumerate(rows)
    ]


def _segment(
    identifier: str,
    tenant: str,
    created: int,
    name: str,
    status: str,
    stanzas: list[list[dict[str, Any]]],
) -> dict[str, Any]:
    return {
        "id": identifier,
        "name": name,
        "description": f"Segmento «{name}».",
        "status": status,
        "definition": {
            "stanzas": [
                {
                    "id": f"s{n}",
                    "criteria": [{"id": f"s{n}c{m}", **c} for m, c in enumerate(criteria)],
                }
                for n, criteria in enumerate(stanzas)
            ]
        },
        "estimatedCount": None,
        "lastExecutedAt": None,
        "tags": [],
        "createdAt": iso(created),
        "createdBy": "equipo@nevent-demo.es",
        "modifiedAt": iso(created + 10 * DAY),
        "modifiedBy": "equipo@nevent-demo.es",
        "isLegacy": False,
        "tenantId": tenant,
    }
