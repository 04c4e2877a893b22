"""Stream maps are checked before any record, and one line renames."""

from __future__ import annotations

import pytest
from singer_outcomes.maps import check_names, with_renames
from singer_sdk.exceptions import StreamMapConfigError

COLUMNS = ("id", "email", "city", "origen_fan", "price")


def test_a_map_that_names_a_missing_column_is_refused_with_those_that_exist() -> None:
    """The message is all that the user needs to mend it."""
    with pytest.raises(StreamMapConfigError, match=r"'origen'.*columns are: city, email, id"):
        check_names({"fans": {"source": "origen + 'x'"}}, "fans", COLUMNS)


@pytest.mark.parametrize(
    "expression",
    [
        "origen_fan",
        "'constant'",
        "__NULL__",
        "str(price) + city",
        "record['anything']",
        "config['hash_seed']",
        "[c for c in city if c != 'x']",
        "datetime.date.fromisoformat(city)",
        None,
    ],
)
def test_a_map_of_existing_columns_constants_and_functions_passes(expression: str | None) -> None:
    """Whatever the SDK gives to expressions is known here."""
    check_names({"fans": {"column": expression}}, "fans", COLUMNS)


def test_a_filter_and_a_second_projection_are_checked_as_well() -> None:
    """`__filter__` and `__source__` name columns too."""
    with pytest.raises(StreamMapConfigError, match="'status'"):
        check_names(
            {"events__x": {"__source__": "fans", "__filter__": "status == 'a'"}}, "fans", COLUMNS
        )


@pytest.mark.parametrize("expression", ["city = 'Cuenca'", "del city", "city; price", "city +"])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    """The SDK ignores an assignment: that filter would let everybody pass."""
    with pytest.raises(StreamMapConfigError, match="compared by =="):
        check_names({"fans": {"__filter__": expression}}, "fans", COLUMNS)


def test_maps_of_other_streams_are_not_this_streams_concern() -> None:
    """Each is checked when its own stream arrives."""
    check_names({"tickets": {"x": "unknown"}}, "fans", COLUMNS)


def test_one_line_renames_a_column() -> None:
    """The value arrives under the new name only."""
    maps = with_renames(
        {"fans": {"acquisition_source": "origen_fan"}}, "fans", COLUMNS, keys=("id",)
    )
    assert maps["fans"] == {"acquisition_source": "origen_fan", "origen_fan": None}


def test_a_column_named_on_a_line_of_its_own_is_kept_beside_its_new_name() -> None:
    """`price: price` beside `value: price` keeps both."""
    definition = {"value": "price", "price": "price"}
    assert with_renames({"fans": definition}, "fans", COLUMNS, keys=())["fans"] == definition


def test_identifiers_and_keys_are_never_taken_out() -> None:
    """A copy of the e-mail address leaves the person identified; the key stays the key."""
    definition = {"contact": "email", "nevent_id": "id"}
    assert with_renames({"fans": definition}, "fans", COLUMNS, keys=("id",))["fans"] == definition


def test_a_key_that_another_one_replaces_may_be_renamed() -> None:
    """`__key_properties__` names the new one."""
    definition = {"__key_properties__": ["nevent_id"], "nevent_id": "id"}
    maps = with_renames({"fans": definition}, "fans", COLUMNS, keys=("id",))
    assert maps["fans"] == {**definition, "id": None}


def test_a_computed_column_takes_nothing_out() -> None:
    """Only a bare name renames."""
    definition = {"upper": "city.upper()"}
    assert with_renames({"fans": definition}, "fans", COLUMNS, keys=())["fans"] == definition
