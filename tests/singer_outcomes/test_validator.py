"""The fast validator says the same as the reference, and shows no value."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_outcomes.rejects import RejectedError
from singer_outcomes.validator import FastValidator
from singer_sdk.exceptions import InvalidJSONSchema

TYPES = ["string", "number", "integer", "boolean", "array", "object", "null"]
scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.sampled_from("abé")
json_values = scalars | st.lists(scalars, max_size=2) | st.fixed_dictionaries({"a": scalars})
column_schemas = st.fixed_dictionaries(
    {"type": st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True)},
    optional={"maxLength": st.integers(0, 3), "minimum": st.integers(-2, 2)},
)
schemas = st.fixed_dictionaries(
    {
        "type": st.just("object"),
        "properties": st.dictionaries(st.sampled_from("abc"), column_schemas),
    },
    optional={
        "required": st.lists(st.sampled_from("abc"), unique=True),
        "additionalProperties": st.booleans(),
    },
)


@given(schemas, st.dictionaries(st.sampled_from("abcd"), json_values))
def test_it_accepts_and_rejects_what_the_reference_does(
    schema: dict[str, Any], record: dict[str, Any]
) -> None:
    """`jsonschema` is the reference."""
    expected = jsonschema.Draft202012Validator(schema).is_valid(record)
    try:
        FastValidator(schema).validate(record)
    except RejectedError:
        accepted = False
    else:
        accepted = True
    assert accepted == expected


def test_a_rejection_names_column_and_rule_but_no_value() -> None:
    """Messages travel to logs; values must not."""
    validator = FastValidator({"properties": {"total_spent": {"type": ["number", "null"]}}})
    with pytest.raises(RejectedError) as caught:
        validator.validate({"total_spent": "ana@nevent-demo.es"})
    assert caught.value.column == "total_spent"
    assert caught.value.reason == "schema: type number, null"


def test_a_wrong_schema_is_refused_as_such() -> None:
    """The tap's author must act, not the records' owner."""
    with pytest.raises(InvalidJSONSchema):
        FastValidator({"properties": {"a": {"type": "no such type"}}})
