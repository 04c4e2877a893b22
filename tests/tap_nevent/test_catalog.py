"""Schemas, columns and selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from nevent_sandbox.credentials import NEVENT_TOKEN
from singer_sdk.exceptions import StreamMapConfigError
from tap_nevent import custom_fields
from tap_nevent.client import declared
from tap_nevent.streams import STREAMS
from tap_nevent.tap import TapNevent

if TYPE_CHECKING:
    from collections.abc import Callable

    from nevent_extraction import Output
    from nevent_sandbox.nevent_handle import NeventHandle

KINDS = {
    "TEXT": ("hola", "hola"),
    "NUMBER": (7.5, 7.5),
    "DATE": ("2026-05-01", "2026-05-01"),
    "BOOLEAN": (True, True),
    "LIST": (["a", "b"], ["a", "b"]),
}


def test_every_record_is_valid_and_whole(extract: Callable[..., Output]) -> None:
    """Against its stream's schema, with every column."""
    output = extract()
    for stream, records in output.records.items():
        schema = output.schemas[stream]
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        for record in records:
            assert list(record) == list(schema["properties"])
            assert not list(validator.iter_errors(record))


@pytest.mark.parametrize("stream", STREAMS, ids=lambda each: each.name)
def test_every_property_is_described(stream: Any) -> None:
    """Amounts name their currency, times their zone."""
    for name, each in declared(stream.name)["properties"].items():
        assert len(each["description"]) > 8, name
        if each.get("format"):
            zone = "`timezone`" if each["format"] == "date" else "UTC"
            assert zone in each["description"], name


@pytest.mark.parametrize("kind", KINDS)
def test_a_custom_field_is_a_typed_column(
    extract: Callable[..., Output], nevent: NeventHandle, kind: str
) -> None:
    """Found at discovery, with its values."""
    raw, expected = KINDS[kind]
    field = {"name": "mi_campo", "displayName": "Mi campo", "dataType": kind}
    made = nevent.edit(add_property=field)
    fan = extract(None, "fans").records["fans"][0]["id"]
    value = {"propertyDefinitionId": made["id"], "value": raw}
    nevent.edit(user=fan, set={"customFieldValues": [value]})
    output = extract(None, "fans")
    assert output.of("fans", fan)[0]["mi_campo"] == expected
    others = [each["mi_campo"] for each in output.records["fans"] if each["id"] != fan]
    assert set(map(str, others)) == {"None"}


def test_a_clashing_custom_field_gets_a_prefix(extract: Callable[..., Output]) -> None:
    """The fixed column stays what it is."""
    columns = extract(None, "fans").schemas["fans"]["properties"]
    assert {"city", "custom_city"} <= set(columns)


@pytest.mark.parametrize(
    ("kind", "raw", "read"),
    [
        ("NUMBER", "12,5", 12.5),
        ("NUMBER", "many", None),
        ("NUMBER", True, None),
        ("BOOLEAN", "Sí", True),
        ("BOOLEAN", "perhaps", None),
        ("DATE", "2026-05-01T20:00:00Z", "2026-05-01"),
        ("DATE", "soon", None),
        ("LIST", "one", ["one"]),
        ("TEXT", 5, "5"),
    ],
)
def test_a_value_of_another_type_is_read_or_null(kind: str, raw: Any, read: Any) -> None:
    """Never a record that its schema refuses."""
    assert custom_fields.value(kind, raw) == read


@pytest.mark.parametrize(
    "name",
    [
        *("dni", "DNI", "fechaNacimiento", "alergias", "Dirección", "nº tarjeta", "iban"),
        *("religión", "calle", "cp", "piso", "portal", "fecha_nac", "dob", "num_ss", "celiaco"),
        *("intolerancias", "movilidad_reducida", "silla_ruedas", "género", "cuenta bancaria"),
    ],
)
def test_what_a_name_gives_away_is_sensitive(name: str) -> None:
    """In Spanish, Catalan and English."""
    assert custom_fields.is_sensitive({"name": name}, ())


@pytest.mark.parametrize(
    "name",
    [
        *("origen_fan", "socio_club", "estilos_favoritos", "talla", "genero_musical", "brazalete"),
        *("zona_terraza", "taxi_compartido", "cuenta_instagram", "cumple_requisitos"),
    ],
)
def test_other_names_are_not(name: str) -> None:
    """A club's own fields are what it syncs for."""
    assert not custom_fields.is_sensitive({"name": name}, ())


def test_fields_left_out_as_sensitive_are_named(
    extract: Callable[..., Output], caplog: pytest.LogCaptureFixture
) -> None:
    """Once, so that a field missed can be looked for."""
    caplog.set_level("INFO")
    extract(None, "fans", sensitive_fields=["origen_fan"])
    (line,) = [each.message for each in caplog.records if "sensitive" in each.message]
    assert {"dni", "alergias", "origen_fan"} <= set(line.replace(":", ",").split(", "))


def test_a_deselected_column_is_absent(nevent: NeventHandle, capsys: Any) -> None:
    """From schema and records."""
    settings = {"api_url": nevent.url, "data_api_url": nevent.url, "auth_token": NEVENT_TOKEN}
    catalog = TapNevent(config=settings).catalog_dict
    for entry in catalog["streams"]:
        for each in entry["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = entry["stream"] == "fans"
            elif each["breadcrumb"][-1] == "city":
                each["metadata"]["selected"] = False
    TapNevent(config=settings, catalog=catalog).sync_all()
    out = capsys.readouterr().out
    assert '"first_name"' in out
    assert '"city"' not in out
    assert '"stream":"tickets"' not in out


def test_a_deselected_column_costs_no_request(nevent: NeventHandle) -> None:
    """Neither segments nor line-ups are asked for."""
    settings = {"api_url": nevent.url, "data_api_url": nevent.url, "auth_token": NEVENT_TOKEN}
    catalog = TapNevent(config=settings).catalog_dict
    for entry in catalog["streams"]:
        for each in entry["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = entry["stream"] in {"fans", "tickets"}
            elif each["breadcrumb"][-1] in {"nevent_segments", "artist_lineup"}:
                each["metadata"]["selected"] = False
    nevent.clear_requests()
    TapNevent(config=settings, catalog=catalog).sync_all()
    asked = {each["operation"] for each in nevent.requests()}
    assert "GET /purchases" in asked
    assert not [each for each in asked if "segments" in each or "lineup" in each]


def test_streams_come_in_the_order_they_are_needed(extract: Callable[..., Output]) -> None:
    """A person before what the person did, erasure last."""
    assert list(extract().schemas) == [each.name for each in STREAMS]


def test_a_map_that_names_an_unknown_column_stops_at_the_start(
    extract: Callable[..., Output],
) -> None:
    """With the columns that exist."""
    with pytest.raises(StreamMapConfigError, match="first_name"):
        extract(None, "fans", stream_maps={"fans": {"name": "firstname"}})
