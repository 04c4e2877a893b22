"""What Klaviyo knows better of fans whom Nevent has: the fields that it was given, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevent_client.errors import RefusedError, UnknownError
from singer_outcomes.identifiers import SettingError, phone_number

from target_nevent.fans import named_in
from target_nevent.kinds import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_outcomes.fates import Fates
    from singer_outcomes.queues import Row

    from target_nevent.calls import Calls
    from target_nevent.custom_fields import CustomFields
    from target_nevent.fans import Fan, Fans

FILL = "fill"
OWN = frozenset({"first_name", "last_name", "phone_number", "city", "country", "locale"})


class Owned:
    """Which columns are Klaviyo's to write, by the setting `owners`."""

    def __init__(self, owners: Mapping[str, str], custom: CustomFields) -> None:
        self.columns = owners
        self._custom = custom

    def check(self) -> None:
        """Each is a field of Nevent's fans.

        Raises:
            SettingError: one is not.
        """
        for name in self.columns:
            if name not in OWN and name not in self._custom:
                raise SettingError(
                    f"owners names '{name}', which is neither a field of Nevent's fans "
                    f"({', '.join(sorted(OWN))}) nor a custom field by its technical name."
                )

    def of(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of a record that may be written and hold something, in Nevent's types.

        Raises:
            RejectedError: a value is none of its field's type.
        """
        found = {}
        for name in self.columns:
            value = record.get(name)
            if value is not None and value != "":
                found[name] = str(value) if name in OWN else self._custom.fit(name, value)
        return found


class Profiles:
    """Writes what differs, and where a column is to be filled only what is empty."""

    def __init__(
        self,
        calls: Calls,
        fans: Fans,
        fates: Fates,
        custom: CustomFields,
        owners: Mapping[str, str],
        *,
        region: str,
    ) -> None:
        self._calls = calls
        self._fans = fans
        self._fates = fates
        self._custom = custom
        self._owners = owners
        self._region = region

    def deliver(self, rows: list[Row]) -> None:
        """Write what these rows bring, and settle them."""
        records = [decode(row.body) for row in rows]
        named = [named_in(record)._replace(phone_number=None) for record in records]
        fans = self._fans.find(named, strictly=True)
        for row, record, fan in zip(rows, records, fans, strict=True):
            if fan is None:
                self._fates.settle([row], "unknown")
            elif not (changes := self._changes(record["values"], fan)):
                self._fates.settle([row], "unchanged")
            else:
                self._write(row, record, fan, changes)

    def _changes(self, values: Mapping[str, Any], fan: Fan) -> dict[str, Any]:
        """What of these values is new, by the contract's columns."""
        columns: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for name, value in values.items():
            own = name in OWN
            present = fan.columns[name] if own else self._custom.value(name, fan.custom)
            if name == "phone_number" and present:
                present = phone_number(str(present), self._region) or present
            empty = present is None or present in ("", [])
            if present != value and (empty or self._owners[name] != FILL):
                (columns if own else custom)[name] = value
        return {**columns, **({"custom_fields": self._custom.body(custom)} if custom else {})}

    def _write(self, row: Row, record: dict[str, Any], fan: Fan, changes: dict[str, Any]) -> None:
        try:
            self._calls.write("update_user", [row], changes, path={"id": fan.id})
        except UnknownError:
            self._fates.settle([row], "unknown")  # erased a moment ago
        except RefusedError as error:
            self._fates.refuse(row, f"Nevent: {error}", pointer=None, payload=record)
        else:
            self._fates.settle([row], "written")
