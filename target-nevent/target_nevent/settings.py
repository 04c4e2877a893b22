"""Settings of target-nevent, in the form of `config_jsonschema`; they are its documentation."""

from __future__ import annotations

from typing import Any

from singer_outcomes.settings import SETTINGS as OUTCOMES

SETTINGS: dict[str, Any] = {
    "auth_token": {
        "type": "string",
        "secret": True,
        "title": "Token",
        "description": "Token issued under Settings > Integrations > API Tokens; its role is "
        "ADMIN.",
    },
    "refresh_token": {
        "type": "string",
        "secret": True,
        "title": "Refresh token",
        "description": "Lets the target renew a token that expires while it runs.",
    },
    "api_url": {
        "type": "string",
        "title": "API address",
        "description": "Address of Nevent's main service; plain http is taken for this machine "
        "only.",
        "default": "https://api.nevent.es",
    },
    "tenant_id": {
        "type": "string",
        "title": "Tenant",
        "description": "The tenant the token must belong to; another one stops the run.",
    },
    "newsletter_id": {
        "type": "string",
        "title": "Newsletter",
        "description": "Id of the newsletter that people are subscribed to whose record names "
        "none.",
    },
    "import_since": {
        "type": "string",
        "format": "date-time",
        "title": "Import since",
        "description": "Only who consented since then is subscribed (ISO 8601). By default the "
        "time of the first run against the tenant: to import those before is a decision, since "
        "Nevent may send each of them a mail to confirm.",
    },
    "subscribes_per_hour": {
        "type": "integer",
        "minimum": 1,
        "title": "Sign-ups an hour",
        "description": "Most sign-ups sent within an hour, by all runs of one store together; "
        "Nevent's forms take about 100. Other records go on meanwhile.",
        "default": 90,
    },
    "signups_wait_minutes": {
        "type": "integer",
        "minimum": 0,
        "title": "Longest wait for sign-ups (minutes)",
        "description": "How long a run waits for turns of sign-ups; then it ends well once all "
        "else is loaded, and the next run goes on with those that are left.",
        "default": 60,
    },
    "owners": {
        "type": "object",
        "additionalProperties": {"enum": ["klaviyo", "fill"]},
        "title": "Owners of fields",
        "description": "Which columns of fans are written: klaviyo (whenever they differ), fill "
        "(only where Nevent has no value). first_name, last_name, phone_number, city, country, "
        "locale, or custom fields by their technical names; all others stay Nevent's.",
        "default": {},
    },
    "engagement_fields": {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "title": "Custom fields for engagement",
        "description": "Where Nevent keeps no interactions: the custom field (technical name) for "
        'the last time of a type, and for the name of what it was about, such as {"opened": '
        '"last_open", "opened_name": "last_campaign"}.',
        "default": {},
    },
    "engagement_path": {
        "type": "string",
        "title": "File for engagement",
        "description": "Where Nevent keeps no interactions: file (JSON lines, readable by its "
        "owner only) that every one is written to.",
    },
    "phone_region": {
        "type": "string",
        "title": "Country of national phone numbers",
        "description": "ISO 3166 code of the country that phone numbers without a country code "
        "belong to.",
        "default": "ES",
    },
    "dry_run": {
        "type": "boolean",
        "title": "Dry run",
        "description": "Read everything, write nothing to Nevent and no state, and tell what a "
        "real run would do.",
        "default": False,
    },
    "operations": {
        "type": "object",
        "title": "Operations",
        "description": 'Changes to the contract, such as {"subscribe": {"path": "/v2/…"}}; names '
        "and parts as in nevent_client/contract.py.",
        "default": {},
    },
    **OUTCOMES,
}
