"""What a text message of a flow is built from when it is more than text (RCS, MMS)."""

from __future__ import annotations

from nevent_sandbox.klaviyo.schema_parts import (
    INTEGER,
    MOMENT,
    OBJECT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    each,
    either,
    maybe,
    sealed,
    several,
    words,
)

_ORIGINS = (
    "ADOPTION_SMS_FORM_FROM_EMAIL_FORM ADOPTION_SMS_MULTI_STEP_FORM_FROM_EMAIL_FORM AI API "
    "APPLICATION CLONED COMPOSER COMPOSER_AI_EDITED COMPOSER_AI_GENERATED "
    "COMPOSER_USED_IN_KLAVIYO_OBJECT COMPOSER_USER_UPLOADED COMPOSER_WEB_SCRAPED INTEGRATION "
    "KLAVIYO LIBRARY MARKETING_AGENT SOCIAL_INSTAGRAM SOCIAL_INSTAGRAM_OVERLAID UI WEB_SCRAPE"
)
_IMAGE = sealed(
    "id file_path name format file_size updated url image_type",
    **each(INTEGER, "id file_size"),
    **each(TEXT, "file_path name url"),
    format=words("gif jpeg jpg png webp"),
    updated=MOMENT,
    origin=maybe(words(_ORIGINS)),
    image_type=words("dynamic static"),
    l10n_key=TEXT_OR_NULL,
)
_IMAGE_REFERENCE = sealed(
    static_image_asset_id=maybe(INTEGER),
    **each(TEXT_OR_NULL, "dynamic_image_template rendered_asset_url"),
)
_MEDIA = sealed(
    "id company_id url name file_size",
    **each(TEXT, "id company_id url media_type name"),
    file_size=INTEGER,
    **each(TEXT_OR_NULL, "thumbnail_url l10n_key"),
)
_MEDIA_REFERENCE = sealed(
    **each(TEXT_OR_NULL, "static_asset_id dynamic_template"), thumbnail=maybe(_IMAGE_REFERENCE)
)
_SUGGESTION = sealed(
    "id text type",
    **each(TEXT, "id text"),
    type=words("OPEN_URL REPLY"),
    url=TEXT_OR_NULL,
    open_mode=maybe(words("BROWSER WEBVIEW_FULL WEBVIEW_HALF WEBVIEW_TALL")),
)
_CARD = sealed(
    "id",
    id=TEXT,
    **each(TEXT_OR_NULL, "title text"),
    extra=OBJECT_OR_NULL,
    image=maybe(either(_IMAGE, _IMAGE_REFERENCE)),
    video=maybe(either(_MEDIA, _MEDIA_REFERENCE)),
    buttons=maybe(several(_SUGGESTION)),
)
_RICH = sealed(
    cards=maybe(several(_CARD)),
    suggestions=maybe(several(_SUGGESTION)),
    file=maybe(_MEDIA_REFERENCE),
)
RCS = sealed(
    message=TEXT,
    message_format=words("RCS"),
    rich_content=maybe(_RICH),
    extra=OBJECT_OR_NULL,
    image=maybe(_IMAGE_REFERENCE),
)
_SMS_IMAGES = (
    sealed(
        "static_image_asset_id",
        dynamic={"enum": [False, None]},
        static_image_asset_id=INTEGER,
    ),
    sealed("dynamic_image_template", dynamic={"enum": [True]}, dynamic_image_template=TEXT),
)
SMS = sealed(
    "message",
    message=TEXT,
    message_format=words("SMS"),
    extra=OBJECT_OR_NULL,
    image=maybe(either(*_SMS_IMAGES)),
    selected_image=maybe(_IMAGE),
    media=maybe(either(_MEDIA, _MEDIA_REFERENCE)),
)
HIERARCHY = several(RCS, SMS, TEXT)
