"""Which fields of a resource `fields[…]` and `additional-fields[…]` may name."""

from __future__ import annotations

_LOCATION = "address1 address2 city country ip latitude longitude region timezone zip"
_PREDICTIONS = (
    "average_days_between_orders average_order_value churn_probability "
    "expected_date_of_next_order historic_clv historic_number_of_orders predicted_clv "
    "predicted_number_of_orders ranked_channel_affinity total_clv"
)
_CONSENT = "consent consent_timestamp"
_METHOD = f"{_CONSENT} last_updated method method_detail"
_CHANNEL = f"can_receive {_CONSENT} created_timestamp last_updated metadata valid_until"
_PUSH_METADATA = (
    "app_build app_id app_name app_version device_id device_model environment klaviyo_sdk "
    "manufacturer os_name os_version sdk_version"
)
_ADDRESS = "address1 address2 city country region zip"


def _within(parent: str, names: str) -> str:
    """A block and its members: `location location.city …`."""
    return " ".join([parent, *(f"{parent}.{name}" for name in names.split())])


_SUBSCRIPTIONS = " ".join(
    [
        "subscriptions subscriptions.email subscriptions.mobile_push subscriptions.sms",
        "subscriptions.whatsapp",
        _within(
            "subscriptions.email.marketing",
            f"{_METHOD} can_receive_email_marketing custom_method_detail double_optin "
            "list_suppressions suppression",
        ),
        _within("subscriptions.email.open_tracking", _CHANNEL),
        _within("subscriptions.mobile_push.marketing", f"{_CONSENT} can_receive_push_marketing"),
        _within("subscriptions.sms.marketing", f"{_METHOD} can_receive_sms_marketing"),
        _within("subscriptions.sms.transactional", f"{_METHOD} can_receive_sms_transactional"),
        *(
            _within(f"subscriptions.whatsapp.{use}", f"{_CHANNEL} phone_number")
            for use in ("conversational", "marketing", "transactional")
        ),
    ]
)
_PLAIN_PROFILE = (
    "created email external_id first_name id image last_event_date last_name locale "
    "organization phone_number properties title updated " + _within("location", _LOCATION)
)

_FIELDS = {
    "account": "id industry locale preferred_currency public_api_key test_account timezone "
    "contact_information.default_sender_email contact_information.default_sender_name "
    "contact_information.organization_name contact_information.website_url "
    f"contact_information {_within('contact_information.street_address', _ADDRESS)}",
    "attribution": "id",
    "conversation": "channel id",
    "event": "datetime event_properties id timestamp uuid",
    "flow": "archived created id name status trigger_type updated",
    "import-error": f"code detail id original_payload title {_within('source', 'pointer')}",
    "list": "created id name opt_in_process profile_count updated",
    "metric": "created id integration name updated",
    "profile": f"{_PLAIN_PROFILE} joined_group_at {_SUBSCRIPTIONS} "
    + _within("predictive_analytics", _PREDICTIONS),
    "profile-bulk-import-job": "completed_at completed_count created_at expires_at failed_count "
    "id started_at status total_count",
    **dict.fromkeys(
        ("profile-suppression-bulk-create-job", "profile-suppression-bulk-delete-job"),
        "completed_at completed_count created_at id skipped_count status total_count",
    ),
    "push-token": "background created enablement_status id platform recorded_date token vendor "
    + _within("metadata", _PUSH_METADATA),
    "segment": "created id is_active is_processing is_starred name updated "
    + _within("definition", "condition_groups"),
    "tag": "id name",
}
FIELDS = {kind: frozenset(names.split()) for kind, names in _FIELDS.items()}
ADDITIONAL = {
    "profile": frozenset({"subscriptions", "predictive_analytics"}),
    "list": frozenset({"profile_count"}),
}
_PLAIN = frozenset(_PLAIN_PROFILE.split())
# What an operation leaves out of a type's fields.
_WITHOUT = {
    "profile": FIELDS["profile"] - _PLAIN,
    "list": frozenset({"profile_count"}),
}


def allowed(kind: str, operation: str, *, additional: bool) -> frozenset[str]:
    """What `fields[kind]` may name in this operation.

    `additional` tells whether it takes `additional-fields[kind]`.
    """
    names = FIELDS[kind]
    if operation == "POST /api/profile-merge":
        return frozenset({"id"})  # its answer has no attributes
    if not additional:
        names -= _WITHOUT.get(kind, frozenset())
    if kind == "profile" and operation != "GET /api/lists/{id}/profiles":
        names -= {"joined_group_at"}
    return names
