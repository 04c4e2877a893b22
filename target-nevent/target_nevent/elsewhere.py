"""Where engagement goes that Nevent has no place for: custom fields, a file on this machine."""

from __future__ import annotations

import threading
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from singer_outcomes.lines import append, sift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from singer_outcomes.queues import Row
    from singer_outcomes.summary import Summary

    from target_nevent.calls import Calls
    from target_nevent.custom_fields import CustomFields
    from target_nevent.fans import Fans

Columns = dict[str, Any]
TO_FIELDS = "engagement written to custom fields: this Nevent keeps no interactions"
TO_FILE = "engagement written to engagement_path: this Nevent keeps no interactions"
_NAME = "_name"


class Elsewhere:
    """The latest moment of each type in a fan's custom fields, every row in a file.

    Args:
        fields: type of engagement -> technical name of the custom field for its last moment;
            `<type>_name` -> that for the name of what it was about.
        path: of the file; None: no file.
    """

    def __init__(  # what it stands on, and two settings
        self,
        calls: Calls,
        fans: Fans,
        custom: CustomFields,
        summary: Summary,
        *,
        fields: Mapping[str, str],
        path: str | None,
    ) -> None:
        self._calls = calls
        self._fans = fans
        self._custom = custom
        self._summary = summary
        self._fields = fields
        self._path = Path(path) if path else None
        self._lock = threading.Lock()  # a fan's rounds one after the other: the latest wins

    @property
    def configured(self) -> bool:
        """Whether there is any place."""
        return bool(self._fields or self._path)

    def keep(self, rows: Sequence[Row], told: Sequence[Columns]) -> None:
        """Keep these rows, `told` holding their columns and `fan_id`."""
        with self._lock:
            if self._fields:
                self._to_fields(rows, told)
            if self._path:
                self._to_file(told)

    def forget(self, erased: Callable[[tuple[str, ...]], bool]) -> None:
        """Take out of the file whoever was erased."""

        def gone(line: bytes) -> bool:
            try:
                return erased((f"id:{msgspec.json.decode(line)['fan_id']}",))
            except (msgspec.DecodeError, KeyError, TypeError):
                return False  # torn by a kill

        if self._path:
            sift(self._path, gone)

    def _to_fields(self, rows: Sequence[Row], told: Sequence[Columns]) -> None:
        of_fan: defaultdict[str, list[tuple[Row, Columns]]] = defaultdict(list)
        for row, columns in zip(rows, told, strict=True):
            of_fan[columns["fan_id"]].append((row, columns))
        fans = self._fans.by_id(list(of_fan))
        for fan_id, own in of_fan.items():
            if fan_id not in fans:
                continue
            values = self._latest(fans[fan_id].custom, [columns for _, columns in own])
            if values:
                columns = {"custom_fields": self._custom.body(values)}
                sent = [row for row, _ in own]
                self._calls.write("update_user", sent, columns, path={"id": fan_id})
        self._summary.note(TO_FIELDS, len(rows))

    def _latest(self, present: Columns, told: Iterable[Columns]) -> Columns:
        """Values by technical name that are newer than what the fan has."""
        values: Columns = {}
        for columns in sorted(told, key=lambda each: str(each["at"])):
            kind = str(columns["type"]).lower()
            field = self._fields.get(kind)
            if field is None:
                continue
            at = self._custom.moment(field, columns["at"])
            if at <= str(values.get(field) or self._custom.value(field, present) or ""):
                continue
            values[field] = at
            name = columns.get("campaign_name") or columns.get("flow_name")
            if (named := self._fields.get(kind + _NAME)) and name:
                values[named] = name
        return values

    def _to_file(self, told: Sequence[Columns]) -> None:
        fresh = [each for each in told if _known_by(each) not in self._on_file]
        if not self._calls.planned and self._path:
            append(self._path, b"".join(msgspec.json.encode(each) + b"\n" for each in fresh))
        self._on_file.update(map(_known_by, fresh))
        self._summary.note(TO_FILE, len(told))

    @cached_property
    def _on_file(self) -> set[int]:
        """What earlier runs wrote: a row that comes again is not written twice."""
        found: set[int] = set()
        if self._path and self._path.exists():
            with self._path.open("rb") as file:
                for line in file:
                    try:
                        found.add(_known_by(msgspec.json.decode(line)))
                    except (msgspec.DecodeError, KeyError, TypeError):
                        continue  # torn by a kill
        return found


def _known_by(columns: Columns) -> int:
    return hash((columns["id"], columns.get("flow_status"), columns["at"]))
