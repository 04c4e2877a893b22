"""Tables of flows and segments."""

from __future__ import annotations

TABLES = """
CREATE TABLE segments (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    is_starred INTEGER NOT NULL,
    is_processing INTEGER NOT NULL,
    profile_count INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    definition BLOB NOT NULL  -- JSON
);
CREATE TABLE flows (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    archived INTEGER NOT NULL,
    trigger_type TEXT NOT NULL,
    started_by TEXT,  -- id of the metric, list or segment
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    definition BLOB NOT NULL,  -- JSON
    last_event INTEGER NOT NULL  -- the newest event that was there before it
);
CREATE TABLE flow_bystanders (  -- who was on its list or in its segment when the flow was put there
    flow INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    PRIMARY KEY (flow, profile)
) WITHOUT ROWID;
CREATE INDEX flows_started_by ON flows (started_by) WHERE started_by IS NOT NULL;
"""
