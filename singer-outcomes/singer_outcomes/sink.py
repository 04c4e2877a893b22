"""One stream's way into a target that knows the fate of every record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.sinks import Sink
from typing_extensions import override

from singer_outcomes.rejects import RejectedError
from singer_outcomes.validator import FastValidator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.sinks.core import BaseJSONSchemaValidator

    from singer_outcomes.inputs import MappedTarget

Record = dict[str, Any]


class WithheldError(Exception):
    """A rule says that this record must not be sent: it is right, and an outcome of its own.

    Its text holds the rule, never the record's values.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OutcomeSink(Sink):
    """One stream's way into the target: validate, shape, hand over. It holds no records."""

    def __init__(
        self,
        target: MappedTarget,
        stream_name: str,
        schema: Record,
        key_properties: Sequence[str] | None,
    ) -> None:
        self.target = target
        self._told = 0  # to the SDK's metric, of the records read
        super().__init__(target, stream_name, schema, key_properties)

    @override
    def get_validator(self) -> BaseJSONSchemaValidator | None:
        return FastValidator(self.schema) if self.validate_schema else None

    def accept(self, record: Record, *, key: str) -> None:
        """Take one mapped record; `key` is what its source calls it.

        Raises:
            RejectedError: it cannot be loaded as it is.
            WithheldError: a rule says that it must not be.
        """
        if self._validator is not None:
            try:
                self._validator.validate(record)
            except (TypeError, ValueError):  # a map made a date of a text, which is no JSON
                record |= msgspec.to_builtins(record)
                self._validator.validate(record)
        for name in self._key_properties:
            if name not in record:
                raise RejectedError("schema: the key is missing", column=name)
        self.process_record(record, {"key": key})

    def tell_read(self) -> None:
        """Bring the SDK's count of records up to date: it looks at the clock each time."""
        fates = self.target.summary.fates.get(self.stream_name)
        read = fates["read"] if fates else 0
        self.record_counter_metric.increment(read - self._told)
        self._told = read

    @override
    def clean_up(self) -> None:
        self.tell_read()
        super().clean_up()

    @override
    def process_batch(self, context: Record) -> None:
        """Nothing: rows wait in the target's queues, shared by all sinks of a kind."""
