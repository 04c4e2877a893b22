"""Settings that every target of this family has, in the form of `config_jsonschema`."""

from __future__ import annotations

from typing import Any

SETTINGS: dict[str, Any] = {
    "rejects_path": {
        "type": "string",
        "title": "Rejects file",
        "description": "File (JSON lines, readable by its owner only) that rejected records are "
        "written to, with the reason.",
        "default": "rejects.jsonl",
    },
    "store_rejected_records": {
        "type": "boolean",
        "title": "Store rejected records",
        "description": "Keep the rejected record itself in the rejects file, so that it can be "
        "corrected and replayed. When false only its key and the reason are kept.",
        "default": True,
    },
    "store_path": {
        "type": "string",
        "title": "Store",
        "description": "File (SQLite, readable by its owner only) for what must be known from one "
        "run to the next: the history of runs, who was erased (as hashes), how to replay rejects. "
        "By default the target's name and .sqlite, in the folder that it runs in. Keep it: runs "
        "of one account share it.",
    },
    "max_rejects": {
        "type": ["string", "integer"],
        "pattern": "^[0-9]+%?$",
        "minimum": 0,
        "title": "Most rejects of one stream",
        "description": "The run ends with a non-zero exit code, after its state is out, when a "
        "stream has more rejects than this: a number, or a share of its records such as 5% "
        "(then at least 10 are allowed).",
        "default": "1%",
    },
    "grace_seconds": {
        "type": "number",
        "minimum": 0,
        "title": "Grace after a signal (seconds)",
        "description": "How long SIGTERM or SIGINT leaves for what was read to be sent and "
        "confirmed before the process ends.",
        "default": 20,
    },
    "validate_records": {
        "type": "boolean",
        "title": "Validate records",
        "description": "Check each record against its stream's schema; one that breaks it goes "
        "to the rejects.",
        "default": True,
    },
}
