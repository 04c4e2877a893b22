"""The strict shape of every body that is written: a key that is not here is refused."""

from __future__ import annotations

import jsonschema_rs

from nevent_sandbox.klaviyo.consent_shapes import SCHEMAS as OF_CONSENT
from nevent_sandbox.klaviyo.report_shapes import SCHEMAS as OF_REPORTS
from nevent_sandbox.klaviyo.schemas import ANYTHING as _ANYTHING
from nevent_sandbox.klaviyo.schemas import FLAG as _FLAG
from nevent_sandbox.klaviyo.schemas import TEXT as _TEXT
from nevent_sandbox.klaviyo.schemas import Schema
from nevent_sandbox.klaviyo.schemas import data as _data
from nevent_sandbox.klaviyo.schemas import identified as _identified
from nevent_sandbox.klaviyo.schemas import sealed as _object
from nevent_sandbox.klaviyo.schemas import typed as _resource

MOST_PROFILES = 10_000
MOST_MEMBERS = 1_000

_DEGREES: Schema = {"type": ["string", "number", "null"]}

_NAMES = "email phone_number external_id first_name last_name organization locale title image"
_LOCATION: Schema = {
    **_object(
        **dict.fromkeys(
            ["address1", "address2", "city", "country", "region", "zip", "timezone", "ip"], _TEXT
        ),
        latitude=_DEGREES,
        longitude=_DEGREES,
    ),
    "type": ["object", "null"],
}
_PERSON: Schema = {
    **dict.fromkeys(_NAMES.split(), _TEXT),
    "location": _LOCATION,
    "properties": _ANYTHING,
}
_KX: Schema = {"_kx": _TEXT}
_META = _object(
    patch_properties=_object(
        append=_ANYTHING,
        unappend=_ANYTHING,
        unset={"type": ["string", "array", "null"], "items": {"type": "string"}},
    ),
    patch_identifiers=_object(append={"type": "object"}, unappend={"type": "object"}),
)
_ID = _TEXT


def _profile(*required: str, **attributes: Schema) -> Schema:
    return _resource(
        "profile",
        " ".join(["attributes", *required]),
        id=_ID,
        attributes=_object(**_PERSON, **attributes),
        meta=_META,
    )


_METRIC = _data(
    _resource(
        "metric",
        "attributes",
        attributes=_object("name", name={"type": "string"}, service={"type": "string"}),
    )
)
_EVENT: Schema = {
    "properties": {"type": "object"},
    "time": _TEXT,
    "value": {"type": ["number", "null"]},
    "value_currency": _TEXT,
    "unique_id": _TEXT,
    "backfill": _FLAG,
    "metric": _METRIC,
}
_EVENT_PERSON: Schema = {**_PERSON, **_KX, "anonymous_id": _TEXT}

SCHEMAS: dict[str, Schema] = {
    "POST /api/profile-bulk-import-jobs": _data(
        _resource(
            "profile-bulk-import-job",
            "attributes",
            attributes=_object(
                "profiles",
                profiles=_data(
                    {"type": "array", "items": _profile(**_KX), "maxItems": MOST_PROFILES}
                ),
            ),
            relationships=_object(lists=_object(data=_identified("list"))),
        )
    ),
    "POST /api/profile-import": _data(_profile(**_KX)),
    "POST /api/profiles": _data(_resource("profile", "attributes", attributes=_object(**_PERSON))),
    "PATCH /api/profiles/{id}": _data(_profile("id")),
    "POST /api/profile-merge": _data(
        _resource(
            "profile-merge",
            "id relationships",
            id={"type": "string"},
            relationships=_object("profiles", profiles=_object(data=_identified("profile"))),
        )
    ),
    "POST /api/events": _data(
        _resource(
            "event",
            "attributes",
            attributes=_object(
                "properties metric profile",
                **_EVENT,
                profile=_data(
                    _resource(
                        "profile",
                        "attributes",
                        id=_ID,
                        attributes=_object(**_EVENT_PERSON, meta=_META),
                    )
                ),
            ),
        )
    ),
    "POST /api/event-bulk-create-jobs": _data(
        _resource(
            "event-bulk-create-job",
            "attributes",
            attributes=_object(
                "events-bulk-create",
                events__bulk__create=_data(
                    {
                        "type": "array",
                        "items": _resource(
                            "event-bulk-create",
                            "attributes",
                            attributes=_object(
                                "profile events",
                                backfill=_FLAG,
                                profile=_data(
                                    _resource(
                                        "profile",
                                        "attributes",
                                        id=_ID,
                                        attributes=_object(**_EVENT_PERSON),
                                        meta=_META,
                                    )
                                ),
                                events=_data(
                                    {
                                        "type": "array",
                                        "items": _resource(
                                            "event",
                                            "attributes",
                                            attributes=_object("properties metric", **_EVENT),
                                        ),
                                    }
                                ),
                            ),
                        ),
                    }
                ),
            ),
        )
    ),
    "POST /api/lists": _data(
        _resource(
            "list",
            "attributes",
            attributes=_object(
                "name",
                name={"type": "string", "minLength": 1},
                opt_in_process={"enum": ["double_opt_in", "single_opt_in", None]},
            ),
        )
    ),
    "POST /api/lists/{id}/relationships/profiles": _data(_identified("profile", MOST_MEMBERS)),
    "DELETE /api/lists/{id}/relationships/profiles": _data(_identified("profile", MOST_MEMBERS)),
    **OF_CONSENT,
    **OF_REPORTS,
}
VALIDATORS = {name: jsonschema_rs.validator_for(schema) for name, schema in SCHEMAS.items()}
