"""Tables of campaigns, and of what people did with the messages they were sent."""

from __future__ import annotations

# Moments are whole seconds; `profile`, `campaign`, `flow` and `event` are the n of theirs.
TABLES = """
CREATE TABLE campaigns (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    channel TEXT NOT NULL,  -- "email", "sms", "mobile_push"
    status TEXT NOT NULL,
    archived INTEGER NOT NULL,
    included TEXT NOT NULL,  -- JSON: ids of lists and segments
    excluded TEXT NOT NULL,
    sent INTEGER,
    created INTEGER NOT NULL,
    scheduled INTEGER,
    updated INTEGER NOT NULL,
    message TEXT NOT NULL UNIQUE,  -- id of its one message
    content BLOB NOT NULL  -- JSON: label, subject, preview_text, from_email, from_label, ...
);
CREATE TABLE segment_members (
    segment INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    PRIMARY KEY (segment, profile)
) WITHOUT ROWID;
CREATE INDEX segment_members_joined ON segment_members (segment, joined, profile);
CREATE TABLE segment_leavers (
    segment INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    gone INTEGER NOT NULL
);
CREATE INDEX segment_leavers_profile ON segment_leavers (profile);
CREATE TABLE touches (  -- events of Klaviyo's own about one message to one person
    event INTEGER PRIMARY KEY,
    profile INTEGER NOT NULL,
    kind TEXT NOT NULL,  -- received, opened, clicked, bounced, dropped, spam, unsubscribed
    moment INTEGER NOT NULL,
    sent INTEGER NOT NULL,  -- when that message went to this person: reports go by it
    campaign INTEGER,  -- or
    flow INTEGER,
    message TEXT NOT NULL,  -- id of the campaign's or flow's message
    audience TEXT,  -- id of the list or segment by which the campaign reached the person
    machine INTEGER NOT NULL  -- opened by Apple's mail privacy, not by the person
);
CREATE INDEX touches_profile ON touches (profile, moment);
CREATE INDEX touches_campaign ON touches (campaign, kind) WHERE campaign IS NOT NULL;
CREATE INDEX touches_flow ON touches (flow, sent, kind) WHERE flow IS NOT NULL;
"""
