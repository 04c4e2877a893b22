"""What to do next about a record that was rejected, by the beginning of its reason."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # the type of a constant

_SOURCE = "Correct it where it comes from; the next run brings it."
_AGAIN = "give them one where they come from; the next run brings it."
_MAP = "Give the stream this column in stream_maps, then run retry-rejects."

ADVICE: Mapping[str, str] = {
    "email is not an address": _SOURCE,
    "email is missing": "Filter people without an address out in stream_maps, or " + _AGAIN,
    "nobody is named": _MAP,
    "channel is": "Map it to email or sms, or filter such rows out in stream_maps, then run "
    "retry-rejects.",
    "changed_at is no time": "Map it to ISO 8601 with offset, or leave it out (an opt-out without "
    "a time always counts), then run retry-rejects.",
    "consented_at is missing": "Only a dated consent is passed on: " + _MAP,
    "consented_at is no time": "Map it to ISO 8601 with offset, then run retry-rejects.",
    "id is missing": _MAP,
    "at is missing": _MAP,
    "at is no time": "Map it to ISO 8601 with offset, then run retry-rejects.",
    "type is none": "Map it to one of received, opened, clicked, bounced, dropped, spam, "
    "unsubscribed and flow_status, or filter such rows out in stream_maps; then run retry-rejects.",
    "a FLOW_STATUS needs": _MAP,
    **{
        f"{kind} is wanted": "Convert the column in stream_maps, or map it to null; then run "
        "retry-rejects."
        for kind in ("BOOLEAN", "NUMBER", "LIST")
    },
    "Nevent: ": "Nevent's own words say which value it does not take: correct it where it comes "
    "from, or in stream_maps; then run retry-rejects.",
    "the payload in the rejects file": "The line was changed by hand into something else: restore "
    "it, or run the tap again.",
}
