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

_EMAIL_MESSAGE = (
    "add_tracking_params additional_filters bcc_email cc_email custom_tracking_params from_email "
    "from_label id name preview_text reply_to_email smart_sending_enabled subject_line "
    "template_id transactional"
)
_SMS_MESSAGE = (
    "add_info_link add_opt_out_language add_org_prefix body dynamic_image image_id "
    "include_contact_card message_hierarchy shorten_links sms_quiet_hours_enabled"
)
_PUSH_MESSAGE = (
    "action_buttons android_link badge badge_options conversion_metric_id ios_link kv_pairs "
    "on_open push_type sound title video_asset_id web_url"
)
_BADGE = "badge_config set_from_property value"


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


def _message(parent: str, more: str = "") -> str:
    """A message of an action, whichever it is."""
    names = f"{_EMAIL_MESSAGE} {_SMS_MESSAGE} {_PUSH_MESSAGE} vendor_id {more}"
    return " ".join(
        [
            _within(parent, names),
            f"{parent}.additional_filters.condition_groups",
            _within(f"{parent}.badge_options", _BADGE),
        ]
    )


_ACTION_DATA = "definition.data"
_FLOW_ACTION = " ".join(
    [
        "created id updated",
        _within("definition", "data id links temporary_id type"),
        _within("definition.links", "next next_if_false next_if_true"),
        _within(
            _ACTION_DATA,
            "branches delay_until_time delay_until_weekdays experiment_status list_id name "
            "on_execution profile_operations secondary_value status target_days target_time "
            "timezone trigger_id trigger_subtype trigger_type unit value",
        ),
        *(
            _within(f"{_ACTION_DATA}.{each}", "condition_groups")
            for each in ("action_output_filter", "profile_filter", "trigger_filter")
        ),
        _within(
            f"{_ACTION_DATA}.service_configuration",
            "event_key event_payload report_id service_method_type tracking_company_id",
        ),
        _message(f"{_ACTION_DATA}.message", "headers to_emails url"),
        _within(f"{_ACTION_DATA}.main_action", "data id links temporary_id type data.status"),
        f"{_ACTION_DATA}.main_action.links.next",
        _message(f"{_ACTION_DATA}.main_action.data.message"),
        _within(
            f"{_ACTION_DATA}.current_experiment",
            "allocations id name started variations winner_metric",
        ),
        _within(
            f"{_ACTION_DATA}.current_experiment.automatic_winner_selection_settings",
            "automatic_end_date automatic_end_statistical_certainty enabled",
        ),
    ]
)
_FLOW_DEFINITION = " ".join(
    [
        _within("definition", "actions entry_action_id triggers"),
        _within("definition.profile_filter", "condition_groups"),
        _within("definition.reentry_criteria", "duration unit"),
    ]
)
_CAMPAIGN = " ".join(
    [
        "archived created_at id name scheduled_at send_time status updated_at",
        _within("audiences", "excluded included"),
        _within("send_options", "use_smart_sending"),
        _within("send_strategy", "date datetime method throttle_percentage"),
        _within("send_strategy.options", "is_local send_past_recipients_immediately"),
        _within(
            "tracking_options",
            "add_tracking_params custom_tracking_params is_tracking_clicks is_tracking_opens",
        ),
    ]
)
_CAMPAIGN_MESSAGE = " ".join(
    [
        "created_at id send_times updated_at",
        _within("definition", "channel kv_pairs label notification_type"),
        _within(
            "definition.content",
            "action_buttons bcc_email body cc_email dynamic_image from_email from_label media_url "
            "preview_text reply_to_email subject title",
        ),
        _within("definition.options", "play_sound"),
        _within("definition.options.on_open", "android_deep_link ios_deep_link type web_url"),
        _within("definition.options.badge", "display"),
        _within("definition.options.badge.badge_options", "badge_config set_from_property value"),
        _within(
            "definition.render_options",
            "add_info_link add_opt_out_language add_org_prefix shorten_links",
        ),
    ]
)
_FLOW_MESSAGE = " ".join(
    [
        "channel created id updated",
        _message("definition", "headers to_emails url"),
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
    "campaign": _CAMPAIGN,
    "campaign-message": _CAMPAIGN_MESSAGE,
    **dict.fromkeys(
        ("campaign-values-report", "flow-values-report", "segment-values-report"), "id results"
    ),
    **dict.fromkeys(("flow-series-report", "segment-series-report"), "date_times id results"),
    "conversation": "channel id",
    "custom-metric": "created id name updated "
    + _within("definition", "aggregation_method metric_groups"),
    "event": "datetime event_properties id timestamp uuid",
    "flow": f"archived created id name status trigger_type updated {_FLOW_DEFINITION}",
    "flow-action": _FLOW_ACTION,
    "flow-message": _FLOW_MESSAGE,
    "image": "format hidden id image_url name size updated_at",
    "import-error": f"code detail id original_payload title {_within('source', 'pointer')}",
    "list": "created id name opt_in_process profile_count updated",
    "mapped-metric": "id updated",
    "metric": "created id integration name updated",
    "metric-aggregate": "data dates id",
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
    "segment": "created id is_active is_processing is_starred name profile_count updated "
    + _within("definition", "condition_groups"),
    "tag": "id name",
    "template": "amp created editor_type html id name text updated",
}
FIELDS = {kind: frozenset(names.split()) for kind, names in _FIELDS.items()}
ADDITIONAL = {
    "profile": frozenset({"subscriptions", "predictive_analytics"}),
    "list": frozenset({"profile_count"}),
    "flow": frozenset({"definition"}),
    "segment": frozenset({"profile_count"}),
}
_PLAIN = frozenset(_PLAIN_PROFILE.split())
# What an operation leaves out of a type's fields.
_WITHOUT = {
    "profile": FIELDS["profile"] - _PLAIN,
    "list": frozenset({"profile_count"}),
    "flow": frozenset(_FLOW_DEFINITION.split()),
    "segment": frozenset({"profile_count"}),
}
_OF_MEMBERS = ("GET /api/lists/{id}/profiles", "GET /api/segments/{id}/profiles")


def allowed(kind: str, operation: str, *, additional: bool) -> frozenset[str]:
    """What `fields[kind]` may name in this operation.

    `additional` tells whether it takes `additional-fields[kind]`.
    """
    names = FIELDS[kind]
    if operation == "POST /api/profile-merge":
        return frozenset({"id"})  # its answer has no attributes
    if not additional:
        names -= _WITHOUT.get(kind, frozenset())
    if kind == "profile" and operation not in _OF_MEMBERS:
        names -= {"joined_group_at"}
    return names
