"""Where columns stand in Nevent's rows and bodies: dotted paths, a map per kind of thing."""

from __future__ import annotations

FAN = {
    "id": "id",
    "email": "email",
    "first_name": "name",
    "last_name": "surname",
    "phone_number": "phone",
    "city": "city",
    "country": "country",
    "locale": "language",
    "nevent_tags": "tags",
    "email_enabled": "communicationPreferences.emailEnabled",
    "email_changed_at": "communicationPreferences.emailChangedAt",
    "sms_enabled": "communicationPreferences.smsEnabled",
    "sms_changed_at": "communicationPreferences.smsChangedAt",
    "push_enabled": "communicationPreferences.pushEnabled",
    "push_changed_at": "communicationPreferences.pushChangedAt",
    "whatsapp_enabled": "communicationPreferences.whatsappEnabled",
    "whatsapp_changed_at": "communicationPreferences.whatsappChangedAt",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
}
PURCHASE = {
    "id": "id",
    "fan_id": "userId",
    "nevent_event_id": "eventId",
    "event_name": "event.name",
    "event_date": "event.date",
    "total_price": "totalPrice",
    "refunded_amount": "refundedAmount",
    "currency": "currency",
    "status": "status",
    "purchased_at": "purchasedAt",
    "updated_at": "updatedAt",
}
ATTENDANCE = {
    "fan_id": "userId",
    "nevent_event_id": "eventId",
    "event_name": "event.name",
    "event_date": "event.date",
    "venue": "event.venueName",
    "ticket_type": "ticketTypeName",
    "checked_in_at": "checkedInAt",
    "updated_at": "updatedAt",
}
SUBSCRIPTION = {
    "id": "id",
    "fan_id": "userId",
    "newsletter_id": "newsletterId",
    "status": "status",
    "subscribed_at": "subscribedAt",
    "unsubscribed_at": "unsubscribedAt",
    "source": "source",
    "event_name": "eventName",
    "consent_at": "consent.timestamp",
    "updated_at": "updatedAt",
}
NEVENT_EVENT = {
    "id": "id",
    "name": "name",
    "starts_at": "date",
    "ends_at": "endDate",
    "venue": "venueName",
    "city": "city",
    "country": "country",
    "status": "status",
    "on_sale_at": "onSaleAt",
    "currency": "currency",
    "genres": "genres",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
}
SEGMENT = {
    "id": "id",
    "name": "name",
    "description": "description",
    "status": "status",
    "estimated_count": "estimatedCount",
    "last_executed_at": "lastExecutedAt",
    "created_at": "createdAt",
    "modified_at": "modifiedAt",
}
PROPERTY = {
    "id": "id",
    "name": "name",
    "display_name": "displayName",
    "data_type": "dataType",
    "property_type": "propertyType",
    "required": "required",
    "list_values": "listValues",
}
FORM_FIELD = {
    "id": "propertyDefinitionId",
    "semantic_key": "semanticKey",
    "data_type": "dataType",
    "required": "required",
    "enabled": "enabled",
}
SUBSCRIBE = {
    "email": "email",
    "consented_at": "consent.timestamp",
    "consented": "consent.marketing",
    "properties": "properties",
    "source": "source",
}
USER_BODY = {
    **{column: FAN[column] for column in ("first_name", "last_name", "phone_number")},
    **{column: FAN[column] for column in ("city", "country", "locale")},
    "custom_fields": "customFieldValues",
    "consent_granted": "thirdPartySharing.granted",
    "consent_at": "thirdPartySharing.consentedAt",
    "consent_source": "thirdPartySharing.source",
    "consent_text_version": "thirdPartySharing.textVersion",
}
CHANNELS = ("email", "sms", "push", "whatsapp")
CHANGED_AT = tuple(f"{channel}ChangedAt" for channel in CHANNELS)
PREFERENCES = {f"{channel}_enabled": f"{channel}Enabled" for channel in CHANNELS}
PREFERENCES |= {f"{channel}_changed_at": f"{channel}ChangedAt" for channel in CHANNELS}
INTERACTION = {
    "id": "externalId",
    "fan_id": "userId",
    "source": "source",
    "channel": "channel",
    "type": "type",
    "at": "occurredAt",
    "campaign_id": "externalCampaignId",
    "campaign_name": "campaignName",
    "flow_id": "flowId",
    "flow_name": "flowName",
    "flow_status": "flowStatus",
    "message_name": "messageName",
    "subject": "subject",
    "url": "url",
}
TENANT = {"id": "id", "name": "name", "domain": "domain", "level": "level"}
TENANT |= {"parent_id": "parentId"}
