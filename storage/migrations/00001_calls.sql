-- Calls and their journals. Times are unix microseconds: the only form that
-- every engine stores, compares and scans alike.

-- +goose Up
CREATE TABLE calls (
    id           TEXT   NOT NULL PRIMARY KEY,
    epoch        BIGINT NOT NULL,
    admitted     BIGINT NOT NULL DEFAULT 0,  -- newest epoch whose token was spent
    carrier_id   TEXT   UNIQUE,              -- NULL until the carrier told
    from_number  TEXT   NOT NULL,
    to_number    TEXT   NOT NULL,
    direction    TEXT   NOT NULL,
    agent        TEXT   NOT NULL,
    state        TEXT   NOT NULL,            -- the carrier's last word
    carrier_seq  BIGINT NOT NULL DEFAULT -1, -- and its number
    sip_code     BIGINT NOT NULL DEFAULT 0,
    last_n       BIGINT NOT NULL DEFAULT 0,  -- newest entry of the journal
    created_us   BIGINT NOT NULL,
    answered_us  BIGINT,
    ended_us     BIGINT,
    end_reason   TEXT   NOT NULL DEFAULT ''
);

CREATE INDEX calls_unended ON calls (created_us, id) WHERE ended_us IS NULL;

CREATE TABLE call_events (
    call_id TEXT   NOT NULL REFERENCES calls (id),
    n       BIGINT NOT NULL,                 -- from 1, without gaps
    kind    TEXT   NOT NULL,
    body    TEXT   NOT NULL,                 -- the entry as JSON
    PRIMARY KEY (call_id, n)
);

-- +goose Down
DROP TABLE call_events;
DROP TABLE calls;
