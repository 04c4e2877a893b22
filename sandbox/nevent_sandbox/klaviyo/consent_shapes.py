"""The strict shape of bodies about consent, suppression and deletion."""

from __future__ import annotations

from nevent_sandbox.klaviyo.schemas import FLAG, TEXT, Schema, data, sealed, typed


def _one_of(*values: str, nullable: bool = False) -> Schema:
    return {"enum": [*values, None] if nullable else [*values]}


def _profiles(attributes: Schema, **members: Schema) -> Schema:
    row = typed("profile", "attributes", attributes=attributes, **members)
    return data({"type": "array", "items": row})


def _related(*kinds: str) -> Schema:
    parts = {
        kind: sealed(data=typed(kind, "id", id={"type": "string"}))  # the data may be left out
        for kind in kinds
    }
    return sealed(**parts)


_DEVICE_TEXTS = (
    "device_id sdk_version device_model os_version manufacturer app_name app_version app_build "
    "app_id"
)
_DEVICE = sealed(
    **dict.fromkeys(_DEVICE_TEXTS.split(), TEXT),
    klaviyo_sdk=_one_of(
        "android", "flutter", "flutter_community", "react_native", "swift", nullable=True
    ),
    os_name=_one_of("android", "ios", "ipados", "macos", "tvos", nullable=True),
    environment=_one_of("debug", "release", nullable=True),
)
_TOKEN = sealed(
    "token platform vendor",
    token={"type": "string"},
    platform=_one_of("android", "ios"),
    vendor=_one_of("apns", "fcm"),
    enablement_status=_one_of(
        "AUTHORIZED", "DENIED", "NOT_DETERMINED", "PROVISIONAL", "UNAUTHORIZED", nullable=True
    ),
    background=_one_of("AVAILABLE", "DENIED", "RESTRICTED", nullable=True),
    device_metadata=_DEVICE,
)
_GIVEN = sealed("consent", consent=_one_of("SUBSCRIBED"), consented_at=TEXT)
_REVOKED = sealed("consent", consent=_one_of("UNSUBSCRIBED"))
_SUBSCRIPTIONS = sealed(
    email=sealed(marketing=_GIVEN, open_tracking=sealed("consent", consent=_one_of("SUBSCRIBED"))),
    sms=sealed(marketing=_GIVEN, transactional=_GIVEN),
    whatsapp=sealed(marketing=_GIVEN, transactional=_GIVEN),
    push=sealed(
        "marketing",
        marketing=_GIVEN,
        tokens={"type": ["array", "null"], "items": _TOKEN},
        anonymous_id=TEXT,
    ),
)
_UNSUBSCRIPTIONS = sealed(
    email=sealed(marketing=_REVOKED, open_tracking=_REVOKED),
    sms=sealed(marketing=_REVOKED, transactional=_REVOKED),
    whatsapp=sealed(marketing=_REVOKED, transactional=_REVOKED, conversational=_REVOKED),
    push=sealed("marketing tokens", marketing=_REVOKED, tokens={"type": "array", "items": _TOKEN}),
)
_PERSON = {"email": TEXT, "phone_number": TEXT}
_ADDRESSES = _profiles(sealed("email", email={"type": "string"}))


def _suppression(kind: str) -> Schema:
    return data(
        typed(
            kind,
            "attributes",
            attributes=sealed(profiles={**_ADDRESSES, "type": ["object", "null"]}),
            relationships=_related("list", "segment"),
        )
    )


SCHEMAS: dict[str, Schema] = {
    "POST /api/profile-subscription-bulk-create-jobs": data(
        typed(
            "profile-subscription-bulk-create-job",
            "attributes",
            attributes=sealed(
                "profiles",
                custom_source=TEXT,
                historical_import=FLAG,
                profiles=_profiles(
                    sealed(
                        "subscriptions",
                        **_PERSON,
                        subscriptions=_SUBSCRIPTIONS,
                        age_gated_date_of_birth=TEXT,
                    ),
                    id=TEXT,
                ),
            ),
            relationships=_related("list"),
        )
    ),
    "POST /api/profile-subscription-bulk-delete-jobs": data(
        typed(
            "profile-subscription-bulk-delete-job",
            "attributes",
            attributes=sealed(
                "profiles",
                profiles=_profiles(
                    sealed("subscriptions", **_PERSON, subscriptions=_UNSUBSCRIPTIONS)
                ),
            ),
            relationships=_related("list"),
        )
    ),
    **{
        f"POST /api/{kind}s": _suppression(kind)
        for kind in ("profile-suppression-bulk-create-job", "profile-suppression-bulk-delete-job")
    },
    "POST /api/data-privacy-deletion-jobs": data(
        typed(
            "data-privacy-deletion-job",
            "attributes",
            attributes=sealed(
                "profile",
                profile=data(typed("profile", "attributes", id=TEXT, attributes=sealed(**_PERSON))),
            ),
        )
    ),
}
