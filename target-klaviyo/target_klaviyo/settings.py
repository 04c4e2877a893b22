"""Settings of target-klaviyo, in the form of `config_jsonschema`; they are its documentation."""

from __future__ import annotations

from typing import Any

from klaviyo_client.session import API_URL
from singer_outcomes.settings import SETTINGS as OUTCOMES

SETTINGS: dict[str, Any] = {
    "api_key": {
        "type": "string",
        "secret": True,
        "title": "Klaviyo private API key",
        "description": "Begins with pk_. Needs the scopes profiles:read, profiles:write, "
        "lists:read, lists:write and events:write; subscriptions:write and subscriptions:read "
        "for consent and suppressions, data-privacy:write for deletions, events:read to check "
        "what was accepted, and flows:read, segments:read and metrics:read to see which flows a "
        "first load would start.",
    },
    "api_url": {
        "type": "string",
        "title": "Klaviyo API",
        "description": "Where the API is; plain http is taken for this machine only.",
        "default": API_URL,
    },
    "list_id": {
        "type": "string",
        "title": "List (by id)",
        "description": "Profiles are added to this list. It must exist.",
    },
    "list_name": {
        "type": "string",
        "title": "List (by name)",
        "description": "Profiles are added to the list of this name, which is created "
        "when missing. list_id wins.",
    },
    "phone_region": {
        "type": "string",
        "title": "Country of national phone numbers",
        "description": "ISO 3166 code of the country that phone numbers without a "
        "country code belong to, where the record's own country column names none.",
        "default": "ES",
    },
    "first_load": {
        "type": ["string", "boolean"],
        "enum": ["auto", "true", "false", True, False],
        "title": "First load",
        "description": "true: every event and consent is history and starts no flow. auto and "
        "false: those older than history_after_hours are; with auto a run is taken for a first "
        "load when store_path knows of none before. A first load refuses to start live flows "
        "(accept_flows) and looks for no changed e-mail addresses.",
        "default": "auto",
    },
    "history_after_hours": {
        "type": "number",
        "minimum": 0,
        "title": "Age of history (hours)",
        "description": "Events and consents older than this are history: recorded with their "
        "time, but they start no flow and no confirmation mail.",
        "default": 48,
    },
    "job_timeout_minutes": {
        "type": "number",
        "minimum": 0,
        "title": "Longest import job (minutes)",
        "description": "A Klaviyo import job that takes longer ends the run, with the "
        "state kept before it.",
        "default": 60,
    },
    "consent_ledger_path": {
        "type": "string",
        "title": "Consent ledger",
        "description": "File (JSON lines, readable by its owner only) that every subscribe, "
        "withheld subscribe, unsubscribe, suppression and deletion is put on record in, with "
        "hashed persons.",
        "default": "consents.jsonl",
    },
    "custom_source": {
        "type": "string",
        "title": "Source of consent",
        "description": "How Klaviyo shows where a consent came from, where the record's own "
        "custom_source does not say.",
        "default": "Nevent",
    },
    "accept_flows": {
        "type": "boolean",
        "title": "Accept flows",
        "description": "Let a first load start live flows. Otherwise it refuses to begin while "
        "there is one that it would start, and names it.",
        "default": False,
    },
    "dry_run": {
        "type": "boolean",
        "title": "Dry run",
        "description": "Read everything, write nothing to Klaviyo and no state, and print what a "
        "real run would do: profiles, events, consents, requests, minutes, rejects, and the live "
        "flows that it would start.",
        "default": False,
    },
    "owners": {
        "type": "object",
        "additionalProperties": {"enum": ["nevent", "klaviyo", "fill"]},
        "title": "Owners of fields",
        "description": "Who owns a column of profiles: nevent (written here; so is every column "
        "that is not named), klaviyo (never written here), fill (written only where Klaviyo has "
        "no value).",
        "default": {},
    },
    "allowed_columns": {
        "type": "array",
        "items": {"type": "string"},
        "title": "Allowed columns",
        "description": "Columns that look sensitive (identity papers, bank, card, health, "
        "password, ...) by name or value and may go to Klaviyo all the same.",
        "default": [],
    },
    "verify_sample": {
        "type": "integer",
        "minimum": 0,
        "title": "Sample read back",
        "description": "How many of the events that Klaviyo accepted are looked for at the end "
        "of a run, since there is no job to ask; 0: none. Needs the scope events:read.",
        "default": 5,
    },
    **OUTCOMES,
}
