"""What to do next about a reject, by the beginning of its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_AGAIN = "then run retry-rejects"
_ADVICE = {
    "schema: the key is missing": "Name other key columns (__key_properties__) in the stream's "
    f"map, or give it this column; {_AGAIN}.",
    "schema:": "Correct the column where it comes from, or convert it in the stream's map; "
    f"{_AGAIN}. A rule that is wrong for all records: validate_records.",
    "map:": f"Correct the expression in stream_maps, so that it takes this record too; {_AGAIN}.",
}
_DEFAULT = (
    "Look at the record (rejects --show 1) and correct it where it comes from; the next run sends "
    f"what was changed there. A mistake in a map: correct it, {_AGAIN}."
)


def advice(reason: str, own: Mapping[str, str]) -> str:
    """The next step; the longest beginning wins, the target's own before ours."""
    for table in (own, _ADVICE):
        for beginning in sorted(table, key=len, reverse=True):
            if reason.startswith(beginning):
                return table[beginning]
    return _DEFAULT
