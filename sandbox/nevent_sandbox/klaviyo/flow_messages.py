"""The messages that a flow's actions send."""

from __future__ import annotations

from nevent_sandbox.klaviyo.conditions import FLOW_CONDITIONS
from nevent_sandbox.klaviyo.rich_messages import HIERARCHY
from nevent_sandbox.klaviyo.schema_parts import (
    FLAG,
    INTEGER,
    OBJECT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    each,
    either,
    groups,
    maybe,
    sealed,
    several,
    whole,
    words,
)

_FILTERS = maybe(groups(*FLOW_CONDITIONS))
_TRACKING = maybe(several(whole(param=TEXT, value=TEXT)))
_NAMED = each(TEXT_OR_NULL, "id name")

EMAIL = sealed(
    **_NAMED,
    **each(
        TEXT_OR_NULL,
        "from_email from_label reply_to_email cc_email bcc_email subject_line preview_text "
        "template_id",
    ),
    **each(FLAG, "smart_sending_enabled transactional add_tracking_params"),
    custom_tracking_params=_TRACKING,
    additional_filters=_FILTERS,
)
SMS = sealed(
    "body",
    **_NAMED,
    body=TEXT,
    **each(TEXT_OR_NULL, "image_id dynamic_image template_id"),
    message_hierarchy=maybe(HIERARCHY),
    **each(
        FLAG,
        "shorten_links include_contact_card add_org_prefix add_info_link add_opt_out_language "
        "smart_sending_enabled sms_quiet_hours_enabled transactional add_tracking_params",
    ),
    custom_tracking_params=_TRACKING,
    additional_filters=_FILTERS,
)
WHATSAPP = sealed(
    **_NAMED,
    vendor_id=TEXT_OR_NULL,
    **each(FLAG, "smart_sending_enabled transactional add_tracking_params"),
    additional_filters=_FILTERS,
)
_BUTTON = sealed(
    "label action_type",
    label=TEXT,
    action_type=words("deep_link dismiss open_app open_url"),
    position=maybe(INTEGER),
    **each(TEXT_OR_NULL, "url icon custom_action_id"),
)
PUSH = sealed(
    "body",
    **_NAMED,
    body=TEXT,
    **each(FLAG, "sound badge smart_sending_enabled"),
    badge_options=either(
        whole(badge_config=words("increment_one")),
        whole(badge_config=words("set_count"), value=TEXT),
        whole(badge_config=words("set_property"), set_from_property=TEXT),
    ),
    **each(
        TEXT_OR_NULL,
        "title image_id dynamic_image video_asset_id ios_link android_link web_url "
        "conversion_metric_id",
    ),
    on_open=words("home link open_url"),
    push_type=maybe(words("silent standard")),
    kv_pairs=OBJECT_OR_NULL,
    additional_filters=_FILTERS,
    action_buttons=maybe(several(_BUTTON)),
)
WEBHOOK = sealed("url", **_NAMED, **each(TEXT_OR_NULL, "url body"), headers=OBJECT_OR_NULL)
INTERNAL_ALERT = sealed(
    "from_email from_label to_emails subject_line",
    **_NAMED,
    **each(TEXT_OR_NULL, "from_email from_label subject_line template_id"),
    to_emails=several(TEXT),
)
