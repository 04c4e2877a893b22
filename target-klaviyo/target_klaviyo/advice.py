"""What to do next about a record that was rejected, by the beginning of its reason."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # the type of a constant

_SOURCE = "Correct it where it comes from; the next run brings it. Or drop it: the rest is loaded."
_MAP = "Give the stream this column in stream_maps, then run retry-rejects."

ADVICE: Mapping[str, str] = {
    "email is not an address": "Correct the address where it comes from; the next run brings it.",
    "no usable email or phone_number": "Nobody can be reached like this: complete the person where "
    "the record comes from, or filter such rows out in stream_maps.",
    "external_id is over 255": _SOURCE,
    "the profile is over 100,000 bytes": "Leave the largest columns out in stream_maps, then run "
    "retry-rejects.",
    "an event needs a metric": _MAP,
    "an event needs a time": _MAP,
    "an event needs a unique_id": _MAP,
    "time is": _SOURCE,
    **{
        f"{column} is neither": "Map it to true or false, then run retry-rejects."
        for column in ("backfill", "suppressed", "member", "mirror")
    },
    "value is not a number": "Convert it in stream_maps (float(value)), then run retry-rejects.",
    "more than 400 event properties": "Leave columns out in stream_maps, then run retry-rejects.",
    "email_consent": "Map it to subscribed or unsubscribed with its time, then run retry-rejects.",
    "sms_consent": "Map it to subscribed or unsubscribed with its time, then run retry-rejects.",
    "Klaviyo suppresses by email": "Someone without an e-mail address cannot be mailed anyway: "
    "filter such rows out in stream_maps.",
    "no list": "Set list_name or list_id, or give the records one, then run retry-rejects.",
    "nobody is named": _MAP,
    "no profile in Klaviyo has this identifier": "Load the person's profile first, then run "
    "retry-rejects.",
    "Klaviyo: duplicate_profile": "E-mail and phone belong to two people in Klaviyo: decide there "
    "whose the phone is, then run retry-rejects.",
    "Klaviyo: too_large": "Leave the largest columns out in stream_maps, then run retry-rejects.",
    "Klaviyo:": "The pointer says which field Klaviyo does not take: correct it where it comes "
    "from, or in stream_maps; then run retry-rejects.",
    "the payload in the rejects file": "The line was changed by hand into something else: restore "
    "it, or run the tap again.",
}
