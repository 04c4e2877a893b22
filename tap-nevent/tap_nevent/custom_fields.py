"""A tenant's own fields as typed columns, without the sensitive ones."""

from __future__ import annotations

import logging
import re
import unicodedata
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple

from nevent_client.rows import day

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import tzinfo

    from nevent_client.rows import Row

logger = logging.getLogger(__name__)
_TYPES: dict[str, dict[str, Any]] = {
    "TEXT": {"type": ["string", "null"]},
    "NUMBER": {"type": ["number", "null"]},
    "DATE": {"type": ["string", "null"], "format": "date"},
    "BOOLEAN": {"type": ["boolean", "null"]},
    "LIST": {"type": ["array", "null"], "items": {"type": "string"}},
}
# Identity papers, birth, health, belief, origin, money, address: in Spanish, Catalan and English.
# Whole words, or the beginning of one where a star follows; words are joined by underscores.
_WORDS = (
    "dni nie nif cif ssn num_ss iban bic cvv pan passport* pasaporte* passaport* identidad "
    "identitat identity documento* tax taxes tax_* fiscal* seguridad_social birth* nacimiento "
    "naixement fecha_nac* data_naix* dob cumpleanos cumple$ aniversari* alerg* allerg* celiac* "
    "intoleranci* salud health* medic* sanitar* discapaci* disab* minusval* movilidad_reducida "
    "silla_ruedas silla_de_ruedas wheelchair* diet* dieta* vegan* vegetarian* embaraz* pregnan* "
    "relig* creencia* etni* ethnic* raza politic* sindica* union_member* sexo sexual* orientacion "
    "gender* genero(?!_music) tarjeta* card cards id_card credit_card cuenta$ cuenta_bancaria "
    "numero_cuenta cuenta_corriente account_number bank* banco bancari* salari* income ingresos "
    "direccion* address* adreca domicilio* calle carrer street cp codigo_postal postal* postcode "
    "zip zip_code piso portal password* contrasen*"
)
_DENIED = re.compile(
    "(?:^|_)(?:" + "|".join(word.replace("*", "[a-z]*") for word in _WORDS.split()) + ")(?:_|$)"
)
_BOOLEANS = {"true": True, "si": True, "sí": True, "1": True, "false": False, "no": False}
_BOOLEANS["0"] = False


class CustomColumn(NamedTuple):
    """A column of the stream fans and the definition it comes from."""

    name: str
    definition_id: str
    data_type: str
    schema: dict[str, Any]


def columns(
    definitions: Iterable[Row], fixed: Collection[str], sensitive: Collection[str]
) -> list[CustomColumn]:
    """Columns for the definitions that may leave; `custom_` goes before a name already taken."""
    taken = {name.casefold() for name in fixed}
    found, left_out = [], []
    for each in sorted(definitions, key=lambda row: (str(row.get("name")), str(row.get("id")))):
        if each.get("propertyType") == "STANDARD":
            continue
        if is_sensitive(each, sensitive):
            left_out.append(str(each.get("name")))
            continue
        name = re.sub(r"\W+", "_", str(each["name"])).strip("_") or str(each["id"])
        if name.casefold() in taken or not name.isidentifier():
            name = f"custom_{name}"
        if name.casefold() in taken:
            name = f"{name}_{each['id']}"
        taken.add(name.casefold())
        kind = str(each.get("dataType"))
        schema = _TYPES.get(kind, _TYPES["TEXT"])
        label = each.get("displayName") or each["name"]
        described = {**schema, "description": f"Custom field of this tenant: {label}."}
        found.append(CustomColumn(name, str(each["id"]), kind, described))
    if left_out:
        logger.info("Custom fields left out as sensitive: %s", ", ".join(left_out))
    return found


def is_sensitive(definition: Row, named: Collection[str]) -> bool:
    """Whether a field may never leave: by its flag, by the setting, or by what its name says."""
    if definition.get("sensitive"):
        return True
    names = [str(definition.get(part) or "") for part in ("name", "displayName")]
    wanted = {_plain(name) for name in named}
    return any(_plain(name) in wanted or bool(_DENIED.search(_plain(name))) for name in names)


def value(data_type: str, raw: Any, zone: tzinfo = UTC) -> Any:
    """A value in its column's type; None where it cannot be read as that."""
    if raw is None:
        return None
    if data_type == "NUMBER":
        return _number(raw)
    if data_type == "BOOLEAN":
        return raw if isinstance(raw, bool) else _BOOLEANS.get(str(raw).strip().casefold())
    if data_type == "DATE":
        return day(raw, zone)
    if data_type == "LIST":
        return [str(each) for each in raw] if isinstance(raw, list) else [str(raw)]
    return raw if isinstance(raw, str) else str(raw)


def _number(raw: Any) -> float | int | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float):
        return raw
    try:
        return float(str(raw).strip().replace(",", "."))
    except ValueError:
        return None


def _plain(name: str) -> str:
    """Lower case, without accents, words joined by underscores."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    decomposed = unicodedata.normalize("NFKD", spaced.casefold())
    bare = "".join(each for each in decomposed if not unicodedata.combining(each))
    return re.sub(r"\W+", "_", bare).strip("_")
