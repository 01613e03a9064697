-- What a line does beside talking: calls that are handed on, numbers that are
-- set up at their carrier, whom a workspace may call.

-- +goose Up
ALTER TABLE calls ADD COLUMN account  TEXT NOT NULL DEFAULT ''; -- of the carrier's that has it; empty: the trunk's own
ALTER TABLE calls ADD COLUMN answerer TEXT NOT NULL DEFAULT ''; -- who answered, in the carrier's word

CREATE TABLE transfers (
    id          TEXT   NOT NULL PRIMARY KEY,     -- "xfer_..."
    call_id     TEXT   NOT NULL REFERENCES calls (id),
    workspace   TEXT   NOT NULL,
    intent      TEXT   NOT NULL,                 -- key of the tool's use that asked for it
    kind        TEXT   NOT NULL,                 -- blind, conference, warm
    label       TEXT   NOT NULL,
    from_number TEXT   NOT NULL,
    to_number   TEXT   NOT NULL,
    post_dial   TEXT   NOT NULL DEFAULT '',
    ring_ms     BIGINT NOT NULL,
    summary     TEXT   NOT NULL DEFAULT '',
    status      TEXT   NOT NULL,                 -- asked, dialling, checking, accepted, bridged, over
    outcome     TEXT   NOT NULL DEFAULT '',
    reason      TEXT   NOT NULL DEFAULT '',
    carrier_id  TEXT   UNIQUE,                   -- of the other leg; NULL until the carrier told
    account     TEXT   NOT NULL DEFAULT '',
    sip_code    BIGINT NOT NULL DEFAULT 0,
    created_us  BIGINT NOT NULL,
    answered_us BIGINT,
    bridged_us  BIGINT,
    ended_us    BIGINT,
    UNIQUE (call_id, intent)
);
CREATE UNIQUE INDEX transfers_open ON transfers (call_id) WHERE status <> 'over'; -- one at a time
CREATE INDEX transfers_placed ON transfers (workspace, created_us); -- what was dialled lately, for the caps

-- A number that leads here has been set up at its carrier: carrier_id is its id
-- there, carrier_was what it was set to before, as JSON.
ALTER TABLE phone_numbers ADD COLUMN carrier_id  TEXT NOT NULL DEFAULT '';
ALTER TABLE phone_numbers ADD COLUMN carrier_was TEXT NOT NULL DEFAULT '';
CREATE INDEX phone_numbers_account ON phone_numbers (account);

-- Whom a workspace may call, and how often. No row: the defaults.
CREATE TABLE dialing (
    workspace  TEXT   NOT NULL PRIMARY KEY REFERENCES workspaces (id),
    policy     TEXT   NOT NULL,                  -- JSON
    updated_us BIGINT NOT NULL
);

-- +goose Down
DROP TABLE dialing;
DROP INDEX phone_numbers_account;
ALTER TABLE phone_numbers DROP COLUMN carrier_was;
ALTER TABLE phone_numbers DROP COLUMN carrier_id;
DROP TABLE transfers;
ALTER TABLE calls DROP COLUMN answerer;
ALTER TABLE calls DROP COLUMN account;
