-- A call is a room: agents that are sent there, doors that lead in from outside,
-- key pairs of LiveKit's clients, captions.

-- +goose Up
ALTER TABLE calls ADD COLUMN room       TEXT   NOT NULL DEFAULT ''; -- chosen name of its room; empty: its id
ALTER TABLE calls ADD COLUMN foreign_   BIGINT NOT NULL DEFAULT 0;  -- 1: its stream is all there is of it
ALTER TABLE calls ADD COLUMN captions_n BIGINT NOT NULL DEFAULT 0;  -- newest caption
CREATE INDEX calls_room ON calls (workspace, room, created_us, id) WHERE ended_us IS NULL AND room <> '';

ALTER TABLE dispatches ADD COLUMN room TEXT NOT NULL DEFAULT '';    -- of the call that is placed, or attaches

CREATE TABLE rooms (
    id         TEXT   NOT NULL PRIMARY KEY,    -- "RM_..."
    workspace  TEXT   NOT NULL REFERENCES workspaces (id),
    name       TEXT   NOT NULL,
    call_id    TEXT   REFERENCES calls (id),   -- NULL: it waits for one
    last_n     BIGINT NOT NULL DEFAULT 0,      -- newest number of a dispatch or job in it
    changed    BIGINT NOT NULL,                -- microseconds, raised by every write
    created_us BIGINT NOT NULL,
    closed_us  BIGINT                          -- NULL: it is open
);
CREATE UNIQUE INDEX rooms_open ON rooms (workspace, name) WHERE closed_us IS NULL;
CREATE UNIQUE INDEX rooms_call ON rooms (call_id) WHERE closed_us IS NULL;
CREATE INDEX rooms_changed ON rooms (changed) WHERE closed_us IS NULL AND call_id IS NOT NULL;
CREATE INDEX rooms_waiting ON rooms (workspace, created_us) WHERE closed_us IS NULL AND call_id IS NULL;

-- A wish that an agent be in a room.
CREATE TABLE room_dispatches (
    id          TEXT   NOT NULL PRIMARY KEY,   -- "AD_..."
    room_id     TEXT   NOT NULL REFERENCES rooms (id),
    n           BIGINT NOT NULL,               -- its place in the room
    agent       TEXT   NOT NULL,               -- its name; empty: any worker without one
    metadata    TEXT   NOT NULL,
    attributes  TEXT   NOT NULL,               -- JSON object, or null
    deployment  TEXT   NOT NULL,
    thread      TEXT   NOT NULL,
    restart     TEXT   NOT NULL,               -- JRP_...
    cause       TEXT   NOT NULL,               -- ADT_...
    way         TEXT   NOT NULL,               -- replace, wait, listen
    request_key TEXT,                          -- NULL: none
    created_us  BIGINT NOT NULL,
    deleted_us  BIGINT                         -- NULL: it stands
);
CREATE UNIQUE INDEX room_dispatches_room ON room_dispatches (room_id, n);
CREATE UNIQUE INDEX room_dispatches_key ON room_dispatches (room_id, request_key) WHERE request_key IS NOT NULL;

-- An agent's being in a room.
CREATE TABLE room_jobs (
    id               TEXT   NOT NULL PRIMARY KEY, -- "AJ_..."
    room_id          TEXT   NOT NULL REFERENCES rooms (id),
    dispatch_id      TEXT   NOT NULL REFERENCES room_dispatches (id),
    n                BIGINT NOT NULL,             -- its place in the room
    kind             TEXT   NOT NULL,             -- own, service, worker
    agent            TEXT   NOT NULL,
    agent_uuid       TEXT   NOT NULL,
    agent_version    BIGINT NOT NULL,
    way              TEXT   NOT NULL,
    status           TEXT   NOT NULL,             -- JS_...
    reason           TEXT   NOT NULL,             -- JSR_...
    error            TEXT   NOT NULL,
    node             TEXT   NOT NULL,             -- who has it
    worker           TEXT   NOT NULL,             -- "AW_..."
    identity         TEXT   NOT NULL,
    name             TEXT   NOT NULL,
    attempts         BIGINT NOT NULL,
    asked            BIGINT NOT NULL,
    created_us       BIGINT NOT NULL,
    assigned_us      BIGINT,
    accepted_us      BIGINT,
    first_started_us BIGINT,
    started_us       BIGINT,
    ended_us         BIGINT,
    updated_us       BIGINT
);
CREATE UNIQUE INDEX room_jobs_room ON room_jobs (room_id, n);
CREATE INDEX room_jobs_dispatch ON room_jobs (dispatch_id, n);
CREATE UNIQUE INDEX room_jobs_one ON room_jobs (dispatch_id) WHERE status IN ('JS_PENDING', 'JS_RUNNING');
CREATE INDEX room_jobs_offers ON room_jobs (id) WHERE kind = 'worker' AND status = 'JS_PENDING';
CREATE INDEX room_jobs_taken ON room_jobs (id) WHERE kind = 'worker' AND status IN ('JS_PENDING', 'JS_RUNNING') AND node <> '';

-- A door lets one call of any carrier's account in.
CREATE TABLE room_doors (
    hash       TEXT   NOT NULL PRIMARY KEY,    -- of its token
    workspace  TEXT   NOT NULL REFERENCES workspaces (id),
    pair       TEXT   NOT NULL DEFAULT '',     -- key pair with which it was made
    room       TEXT   NOT NULL,                -- its name
    direction  TEXT   NOT NULL,
    identity   TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    metadata   TEXT   NOT NULL,
    attributes TEXT   NOT NULL,                -- JSON object, or null
    agents     TEXT   NOT NULL,                -- JSON array, or null
    spent_by   TEXT,                           -- the carrier's id of the call that came in; NULL: none did
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL
);
CREATE INDEX room_doors_workspace ON room_doors (workspace, expires_us);

CREATE TABLE key_pairs (
    id         TEXT   NOT NULL PRIMARY KEY,    -- "API..."
    workspace  TEXT   NOT NULL REFERENCES workspaces (id),
    name       TEXT   NOT NULL,
    secret     TEXT   NOT NULL,                -- sealed
    created_us BIGINT NOT NULL,
    used_us    BIGINT,
    revoked_us BIGINT
);
CREATE INDEX key_pairs_workspace ON key_pairs (workspace, created_us);

-- What was said, as somebody who listens wrote it down.
CREATE TABLE captions (
    call_id    TEXT   NOT NULL REFERENCES calls (id),
    n          BIGINT NOT NULL,                -- from 1, without gaps
    job        TEXT   NOT NULL,                -- of who wrote it
    agent      TEXT   NOT NULL,                -- their name
    side       TEXT   NOT NULL,                -- caller, agent, person
    speaker    TEXT   NOT NULL,
    said       TEXT   NOT NULL,
    confidence BIGINT NOT NULL,                -- millionths; 0: unknown
    start_us   BIGINT NOT NULL,
    end_us     BIGINT NOT NULL,
    PRIMARY KEY (call_id, n)
);

-- +goose Down
DROP TABLE captions;
DROP TABLE key_pairs;
DROP TABLE room_doors;
DROP TABLE room_jobs;
DROP TABLE room_dispatches;
DROP TABLE rooms;
ALTER TABLE dispatches DROP COLUMN room;
DROP INDEX calls_room;
ALTER TABLE calls DROP COLUMN captions_n;
ALTER TABLE calls DROP COLUMN foreign_;
ALTER TABLE calls DROP COLUMN room;
