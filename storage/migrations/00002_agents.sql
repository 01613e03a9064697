-- Workspaces and all that they own; what calls leave behind. Text columns that
-- hold JSON are compared in Go, never in SQL.

-- +goose Up
CREATE TABLE workspaces (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    feed_last  BIGINT NOT NULL DEFAULT 0,    -- newest number of its feed
    created_us BIGINT NOT NULL
);
INSERT INTO workspaces (id, name, created_us) VALUES ('default', 'default', 0);

CREATE TABLE api_keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    workspace  TEXT   NOT NULL REFERENCES workspaces (id),
    name       TEXT   NOT NULL,
    prefix     TEXT   NOT NULL,
    hash       TEXT   NOT NULL UNIQUE,
    scopes     TEXT   NOT NULL,              -- JSON array
    created_us BIGINT NOT NULL,
    used_us    BIGINT,
    revoked_us BIGINT
);
CREATE INDEX api_keys_workspace ON api_keys (workspace, created_us);

CREATE TABLE counters (
    name TEXT   NOT NULL PRIMARY KEY,        -- agent, tool, webhook, number, change
    last BIGINT NOT NULL
);

CREATE TABLE agents (
    id         BIGINT NOT NULL PRIMARY KEY,
    uuid       TEXT   NOT NULL UNIQUE,
    workspace  TEXT   NOT NULL REFERENCES workspaces (id),
    name       TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    definition TEXT   NOT NULL,              -- of that version: JSON
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    deleted_us BIGINT
);
CREATE INDEX agents_workspace ON agents (workspace, created_us, id) WHERE deleted_us IS NULL;

CREATE TABLE agent_versions (
    agent_id   BIGINT NOT NULL REFERENCES agents (id),
    n          BIGINT NOT NULL,
    who        TEXT   NOT NULL,
    created_us BIGINT NOT NULL,
    definition TEXT   NOT NULL,
    PRIMARY KEY (agent_id, n)
);

CREATE TABLE phone_numbers (
    id         BIGINT  NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL REFERENCES workspaces (id),
    number     TEXT    NOT NULL UNIQUE,
    label      TEXT    NOT NULL,
    inbound    BIGINT  NOT NULL,             -- 0 or 1
    outbound   BIGINT  NOT NULL,
    provider   TEXT    NOT NULL,
    account    TEXT    NOT NULL DEFAULT '',
    token      TEXT    NOT NULL DEFAULT '',  -- sealed
    out_trunk  TEXT    NOT NULL DEFAULT '{}',
    in_trunk   TEXT    NOT NULL DEFAULT '{}',
    agent_id   BIGINT  REFERENCES agents (id),
    status     TEXT    NOT NULL,
    created_us BIGINT  NOT NULL,
    updated_us BIGINT  NOT NULL
);
CREATE INDEX phone_numbers_workspace ON phone_numbers (workspace, id);
CREATE INDEX phone_numbers_agent ON phone_numbers (agent_id);

CREATE TABLE audit (
    id        BIGINT NOT NULL PRIMARY KEY,
    workspace TEXT   NOT NULL,
    who       TEXT   NOT NULL,
    what      TEXT   NOT NULL,
    target    TEXT   NOT NULL,
    detail    TEXT   NOT NULL,
    at_us     BIGINT NOT NULL
);
CREATE INDEX audit_workspace ON audit (workspace, id);

-- A node is a process that takes calls. One that does not beat is dead.
CREATE TABLE nodes (
    id         TEXT   NOT NULL PRIMARY KEY,
    started_us BIGINT NOT NULL,
    beat_us    BIGINT NOT NULL
);

ALTER TABLE calls ADD COLUMN workspace     TEXT   NOT NULL DEFAULT 'default';
ALTER TABLE calls ADD COLUMN node          TEXT   NOT NULL DEFAULT '';  -- who has the pen
ALTER TABLE calls ADD COLUMN agent_uuid    TEXT   NOT NULL DEFAULT '';  -- empty: the gateway's own agent
ALTER TABLE calls ADD COLUMN agent_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN conversation  TEXT   NOT NULL DEFAULT '';  -- "conv-..."
ALTER TABLE calls ADD COLUMN variables     TEXT   NOT NULL DEFAULT '{}'; -- at the call's start: JSON
ALTER TABLE calls ADD COLUMN prepared_us   BIGINT;                      -- when pre_call was done with
ALTER TABLE calls ADD COLUMN post_call     BIGINT NOT NULL DEFAULT 0;   -- id of the webhook to tell; 0 none
ALTER TABLE calls ADD COLUMN why           TEXT   NOT NULL DEFAULT '';  -- of a refusal, or of a carrier's
ALTER TABLE calls ADD COLUMN fed_n         BIGINT NOT NULL DEFAULT 0;   -- newest entry that the feed has
CREATE INDEX calls_workspace ON calls (workspace, created_us, id);
CREATE INDEX calls_agent ON calls (agent_uuid, created_us);
-- The same columns in the same order as calls_workspace: SQLite would else take
-- that one, and walk through all calls that there ever were.
CREATE INDEX calls_unfed ON calls (workspace, created_us, id) WHERE last_n > fed_n;
CREATE INDEX calls_live ON calls (workspace, created_us, id) WHERE ended_us IS NULL;

-- What was said, one line for each caller_said and agent_said of the journal.
CREATE TABLE transcript_lines (
    call_id  TEXT   NOT NULL REFERENCES calls (id),
    n        BIGINT NOT NULL,                -- of the journal's entry
    turn     BIGINT NOT NULL,
    speaker  TEXT   NOT NULL,                -- caller, agent
    said     TEXT   NOT NULL,                -- as heard
    unheard  TEXT   NOT NULL DEFAULT '',
    gap_ms   BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (call_id, n)
);

-- The journals of a workspace's calls in one order that never changes. Filled
-- behind the journals, by whoever holds the workspace's row.
CREATE TABLE feed (
    workspace TEXT   NOT NULL REFERENCES workspaces (id),
    seq       BIGINT NOT NULL,
    call_id   TEXT   NOT NULL,
    n         BIGINT NOT NULL,
    PRIMARY KEY (workspace, seq)
);

CREATE TABLE recordings (
    call_id   TEXT   NOT NULL REFERENCES calls (id),
    epoch     BIGINT NOT NULL,
    object    TEXT   NOT NULL,               -- its name in the bucket; peaks lie beside it
    start_ms  BIGINT NOT NULL,               -- since the call was answered
    length_ms BIGINT NOT NULL,
    bytes     BIGINT NOT NULL,
    PRIMARY KEY (call_id, epoch)
);

-- A dispatch is a wish that an agent talks: with a number it is a call, without
-- it waits for one.
CREATE TABLE dispatches (
    id           TEXT   NOT NULL PRIMARY KEY, -- "disp_..."
    workspace    TEXT   NOT NULL REFERENCES workspaces (id),
    agent_uuid   TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    agent        TEXT   NOT NULL,             -- its name
    pre_call     BIGINT NOT NULL DEFAULT 0,   -- ids of the version's webhooks; 0 none
    post_call    BIGINT NOT NULL DEFAULT 0,
    conversation TEXT   NOT NULL UNIQUE,      -- "conv-..."
    session      TEXT   NOT NULL UNIQUE,      -- "sess-..."
    variables    TEXT   NOT NULL,             -- JSON
    idem_key     TEXT,
    idem_hash    TEXT   NOT NULL DEFAULT '',
    call_id      TEXT,                        -- NULL: waits
    status       TEXT   NOT NULL,             -- waiting, attached, placing, placed, failed, expired
    error        TEXT   NOT NULL DEFAULT '',
    created_us   BIGINT NOT NULL,
    expires_us   BIGINT NOT NULL
);
CREATE UNIQUE INDEX dispatches_idem ON dispatches (workspace, idem_key) WHERE idem_key IS NOT NULL;
CREATE INDEX dispatches_waiting ON dispatches (agent_uuid, created_us) WHERE status = 'waiting';
CREATE INDEX dispatches_call ON dispatches (call_id);

-- A delivery is a webhook to be told of a call; each attempt a row of its own.
CREATE TABLE deliveries (
    id         TEXT   NOT NULL PRIMARY KEY,   -- "dlv_..."
    message    TEXT   NOT NULL,               -- the webhook-id header: the same in every attempt
    workspace  TEXT   NOT NULL,
    call_id    TEXT   NOT NULL,
    agent_uuid TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL,
    kind       TEXT   NOT NULL,               -- pre_call, post_call, test
    status     TEXT   NOT NULL,               -- pending, delivered, dead, cancelled
    attempts   BIGINT NOT NULL DEFAULT 0,
    created_us BIGINT NOT NULL,
    next_us    BIGINT,                        -- of the next attempt; set exactly when pending
    claimed    BIGINT NOT NULL DEFAULT 0,     -- 1: somebody is at it until next_us
    done_us    BIGINT,
    summary    TEXT                           -- call_summary, the same in every attempt
);
CREATE INDEX deliveries_workspace ON deliveries (workspace, created_us, id);
CREATE INDEX deliveries_status ON deliveries (workspace, status, created_us, id);
CREATE INDEX deliveries_call ON deliveries (call_id, workspace, created_us, id);
CREATE UNIQUE INDEX deliveries_once ON deliveries (call_id, webhook_id, kind) WHERE kind <> 'test';

CREATE TABLE delivery_attempts (
    delivery_id      TEXT   NOT NULL REFERENCES deliveries (id),
    n                BIGINT NOT NULL,
    started_us       BIGINT NOT NULL,
    took_ms          BIGINT NOT NULL,
    method           TEXT   NOT NULL,
    url              TEXT   NOT NULL,         -- without its query
    status           BIGINT NOT NULL,         -- 0: no answer
    error            TEXT   NOT NULL,
    request_headers  TEXT   NOT NULL,         -- JSON, secrets masked
    request_body     TEXT   NOT NULL,
    response_headers TEXT   NOT NULL,
    response_body    TEXT   NOT NULL,
    next_us          BIGINT,
    PRIMARY KEY (delivery_id, n)
);

-- A process that does jobs counts beat up; one that stands still is dead.
CREATE TABLE job_runners (
    id   TEXT   NOT NULL PRIMARY KEY,
    beat BIGINT NOT NULL
);

-- +goose Down
DROP TABLE job_runners;
DROP TABLE delivery_attempts;
DROP TABLE deliveries;
DROP TABLE dispatches;
DROP TABLE recordings;
DROP TABLE feed;
DROP TABLE transcript_lines;
DROP INDEX calls_live;
DROP INDEX calls_unfed;
DROP INDEX calls_agent;
DROP INDEX calls_workspace;
ALTER TABLE calls DROP COLUMN fed_n;
ALTER TABLE calls DROP COLUMN why;
ALTER TABLE calls DROP COLUMN post_call;
ALTER TABLE calls DROP COLUMN prepared_us;
ALTER TABLE calls DROP COLUMN variables;
ALTER TABLE calls DROP COLUMN conversation;
ALTER TABLE calls DROP COLUMN agent_version;
ALTER TABLE calls DROP COLUMN agent_uuid;
ALTER TABLE calls DROP COLUMN node;
ALTER TABLE calls DROP COLUMN workspace;
DROP TABLE nodes;
DROP TABLE audit;
DROP TABLE phone_numbers;
DROP TABLE agent_versions;
DROP TABLE agents;
DROP TABLE counters;
DROP TABLE api_keys;
DROP TABLE workspaces;
