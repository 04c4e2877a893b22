"""JSON Schema validation in Rust, with messages that hold the column and the rule, no value."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
from singer_sdk.exceptions import InvalidJSONSchema
from singer_sdk.sinks.core import BaseJSONSchemaValidator
from typing_extensions import override

from singer_outcomes.rejects import RejectedError


class FastValidator(BaseJSONSchemaValidator):
    """Validates records against one stream's schema.

    Raises:
        InvalidJSONSchema: the schema itself is wrong.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__(schema)
        try:
            self._validate = jsonschema_rs.validator_for(schema).validate
        except (jsonschema_rs.ValidationError, ValueError) as error:
            raise InvalidJSONSchema(f"Schema Validation Error: {error}") from error

    @override
    def validate(self, record: dict[str, Any]) -> None:
        """Let the record pass.

        Raises:
            RejectedError: with the column and the rule that it breaks.
        """
        try:
            self._validate(record)
        except jsonschema_rs.ValidationError as error:
            column = ".".join(map(str, error.instance_path)) or None
            raise RejectedError(f"schema: {self._rule(error.schema_path)}", column=column) from None

    def _rule(self, path: list[str | int]) -> str:
        """The broken keyword and, where it is short, what it asks for: `type string, null`."""
        rule: Any = self.schema
        for step in path:
            rule = rule.get(step) if isinstance(rule, dict) else None
        wanted = ", ".join(map(str, rule)) if isinstance(rule, list) else str(rule or "")
        return f"{path[-1] if path else 'false'} {wanted}".strip()[:120]
