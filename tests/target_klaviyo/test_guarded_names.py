"""Columns whose names are sensitive are dropped, and what only sounds like one passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_klaviyo.guards import OWN, Guard

ROOT = Path(__file__).parents[2]
DOCUMENT = "an identity document"

SENSITIVE = """
dni DNI dniTitular nie_number NIF numero_documento documentoIdentidad Pasaporte passportNumber
iban IBAN_1 cuenta_bancaria numeroDeCuenta bankAccount tarjeta credit_card cardNumber cvv
password contraseña user_password access_token api_key apiKey token pin alergias Alergias?
food_allergies discapacidad disability medication medicación dieta vegetariano health_notes
fecha_nacimiento fechaNacimiento birthdate birthDate date_of_birth DOB cumpleaños tax_id taxId
religion religión creencias political_opinion partido_politico afiliacion_politica
orientacion_sexual sexual_orientation etnia ethnicity racial_origin afiliacion_sindical
trade_union union_membership direccion street_address home_address domicilio billing_address1
silla_de_ruedas wheelchair movilidad_reducida embarazada antecedentes_penales salary
ficha__alergias Nº_DNI dni2 seguridad_social ssn biometric_id
"""


@pytest.mark.parametrize("name", SENSITIVE.split())
def test_a_column_named_as_sensitive_is_dropped(name: str) -> None:
    """In Spanish and English, whatever the case, the accents and the joints of its words."""
    guard = Guard(["email", name, "vip_status"])
    record = {"email": "ana@nevent-demo.es", name: "x", "vip_status": True}
    assert guard.names == {name}
    assert guard.clean(record) == ()
    assert record == {"email": "ana@nevent-demo.es", "vip_status": True}


HARMLESS = """
origen_fan venue_address direccion_artistica email_address ip_address politica_privacidad
acepta_politica_cookies privacy_policy gift_card loyalty_card_number numero_tarjeta_socio
disabled_at email_disabled palabras_clave keywords tokens_balance race_distance celia saludo
card_color partido party_name union_berlin birria medicion tax_amount total_tax bank_holiday
swift_song genero_musical address_city default_address__country company fiscal_year anniversary
documentation idioma total_spent favorite_genres street_food secret_show ticket_type price
currency artist_lineup socio_club edad
"""


@pytest.mark.parametrize("name", HARMLESS.split())
def test_a_column_that_only_sounds_like_it_passes(name: str) -> None:
    """A false alarm costs a user their data."""
    assert Guard([name]).names == frozenset()


def test_what_this_projects_own_maps_send_passes() -> None:
    """No column of the tap, and no name of Klaviyo's, is mistaken."""
    schemas = (ROOT / "tap-nevent/tap_nevent/schemas").glob("*.json")
    columns = {name for each in schemas for name in json.loads(each.read_text())["properties"]}
    assert len(columns) > 50
    assert Guard(columns | OWN).names == frozenset()


def test_an_allowed_column_passes_whatever_it_looks_like() -> None:
    """The user says so by setting, in any spelling of the name."""
    guard = Guard(["dieta", "notas", "dni"], allowed=["Dieta", "notas"])
    record = {"dieta": "vegana", "notas": "12345678Z", "dni": "12345678Z"}
    assert guard.names == {"dni"}
    assert guard.clean(record) == ()
    assert record == {"dieta": "vegana", "notas": "12345678Z"}


def test_a_column_that_no_schema_announced_is_judged_too() -> None:
    """Taps send such, and Klaviyo would take them; each time it is told."""
    guard = Guard(["email"])
    for _ in range(2):
        record = {"email": "ana@nevent-demo.es", "alergias": "gluten"}
        assert guard.clean(record) == ("alergias (health)",)
        assert record == {"email": "ana@nevent-demo.es"}


def test_a_name_within_an_object_is_judged_too() -> None:
    """The column goes as a whole: what is left of it would mean something else."""
    record = {"ficha": {"talla": "M", "salud": ["gluten"]}, "otros": [{"idioma": "ca"}]}
    assert Guard(record).clean(record) == ("ficha (health)",)
    assert record == {"otros": [{"idioma": "ca"}]}


def test_identifiers_are_not_judged_by_value_but_names_are() -> None:
    """Without e-mail, phone and external id there is nobody; a name may hold a typed-in number."""
    record = {
        "email": "12345678z@nevent-demo.es",
        "phone_number": "4111111111111111",
        "external_id": "12345678Z",
        "unique_id": "4111111111111111",
        "last_name": "García 12345678Z",
    }
    assert Guard(record).clean(record) == (f"last_name ({DOCUMENT})",)
    assert set(record) == {"email", "phone_number", "external_id", "unique_id"}


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["email", "dni", "alergias", "notas", "order_id", "customer_id", "n"]),
            st.sampled_from([None, 1, "x", "12345678Z", "650000000000000000000001", {"a": 1}]),
        ),
        max_size=8,
    )
)
def test_records_of_changing_columns_are_each_judged_alone(records: list[dict[str, Any]]) -> None:
    """What a guard remembers of one record never changes the verdict on another."""
    guard = Guard(["email", "dni", "notas"])
    for record in records:
        alone, together = dict(record), dict(record)
        expected = Guard(["email", "dni", "notas"]).clean(alone)
        assert sorted(guard.clean(together)) == sorted(expected)
        assert alone == together
        assert not {"dni", "alergias"} & alone.keys()
        assert "12345678Z" not in [alone.get(name) for name in ("notas", "customer_id", "n")]
