-- What is to be done later: calls and chats at a time, again, and by the
-- thousand; whom nobody may call; conversations in writing.

-- +goose Up
ALTER TABLE calls ADD COLUMN follow_up  BIGINT NOT NULL DEFAULT 0;  -- 1: a job looks at it when it is over
ALTER TABLE calls ADD COLUMN dialled_us BIGINT;                     -- just before the carrier was asked; NULL: never
ALTER TABLE calls ADD COLUMN proof      TEXT   NOT NULL DEFAULT ''; -- what was checked before it was placed: JSON
ALTER TABLE calls ADD COLUMN chat       TEXT   NOT NULL DEFAULT ''; -- the chat that went over to it
CREATE INDEX calls_account_live ON calls (account) WHERE ended_us IS NULL; -- calls at once on a trunk
CREATE INDEX calls_from ON calls (workspace, from_number, created_us);     -- what was said before, with a number
CREATE INDEX calls_to ON calls (workspace, to_number, created_us);

-- What stands for a carrier's account: who counts its calls locks it.
CREATE TABLE trunks (
    account TEXT NOT NULL PRIMARY KEY         -- empty: the trunk's own
);

-- An errand is a call or a chat that is to begin at a time. Its id is that of its
-- first call, or of its chat.
CREATE TABLE errands (
    id          TEXT   NOT NULL PRIMARY KEY,
    workspace   TEXT   NOT NULL REFERENCES workspaces (id),
    kind        TEXT   NOT NULL,              -- call, chat
    source      TEXT   NOT NULL,              -- who asked: v2, whippy, trillet, batch, agent, callback
    agent_uuid  TEXT   NOT NULL,
    agent       TEXT   NOT NULL,              -- its name
    channel     TEXT   NOT NULL DEFAULT '',
    from_number TEXT   NOT NULL DEFAULT '',   -- empty: the agent's first that calls out
    to_number   TEXT   NOT NULL,
    variables   TEXT   NOT NULL DEFAULT '{}', -- JSON
    metadata    TEXT   NOT NULL DEFAULT '{}', -- the client's own: JSON
    options     TEXT   NOT NULL DEFAULT '{}', -- JSON
    batch       TEXT,                         -- NULL: none
    line        BIGINT NOT NULL DEFAULT 0,    -- of the batch's file
    idem_key    TEXT,
    idem_hash   TEXT   NOT NULL DEFAULT '',
    status      TEXT   NOT NULL,              -- scheduled, ready, placing, live, done, failed, refused, cancelled
    code        TEXT   NOT NULL DEFAULT '',   -- why it is as it is
    why         TEXT   NOT NULL DEFAULT '',
    attempt     BIGINT NOT NULL DEFAULT 0,    -- begun so far
    call_id     TEXT   NOT NULL DEFAULT '',   -- of the newest attempt
    node        TEXT   NOT NULL DEFAULT '',   -- who is placing it
    change      BIGINT NOT NULL DEFAULT 0,    -- raised by every write
    asked_us    BIGINT,                       -- when the client wants it; NULL: at once
    due_us      BIGINT NOT NULL,              -- when it is looked at next
    created_us  BIGINT NOT NULL,
    updated_us  BIGINT NOT NULL,
    ended_us    BIGINT
);
CREATE UNIQUE INDEX errands_idem ON errands (workspace, idem_key) WHERE idem_key IS NOT NULL;
CREATE INDEX errands_workspace ON errands (workspace, created_us, id);
CREATE INDEX errands_ready ON errands (workspace, (batch IS NOT NULL), (asked_us IS NULL), due_us, line, id) WHERE status = 'ready';
CREATE INDEX errands_placing ON errands (node) WHERE status = 'placing';
CREATE INDEX errands_busy ON errands (workspace, to_number) WHERE status IN ('placing', 'live');
CREATE INDEX errands_batch ON errands (batch, status, line) WHERE batch IS NOT NULL;
CREATE INDEX errands_call ON errands (call_id) WHERE call_id <> '';
CREATE INDEX errands_number ON errands (workspace, to_number, created_us, id);

CREATE TABLE batches (
    id         TEXT   NOT NULL PRIMARY KEY,   -- "batch_..."
    workspace  TEXT   NOT NULL REFERENCES workspaces (id),
    agent_uuid TEXT   NOT NULL,
    agent      TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    source     TEXT   NOT NULL,
    status     TEXT   NOT NULL,               -- loading, scheduled, running, completed, cancelled, failed
    options    TEXT   NOT NULL DEFAULT '{}',  -- of every row: JSON
    columns    TEXT   NOT NULL DEFAULT '[]',  -- JSON array
    problems   TEXT   NOT NULL DEFAULT '[]',  -- of the file's lines, the first of them: JSON array
    wrong      BIGINT NOT NULL DEFAULT 0,     -- lines that were not taken
    total      BIGINT NOT NULL DEFAULT 0,     -- calls
    at_us      BIGINT,                        -- not before; NULL: at once
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    started_us BIGINT,
    ended_us   BIGINT
);
CREATE INDEX batches_workspace ON batches (workspace, created_us, id);
CREATE INDEX batches_loading ON batches (created_us) WHERE status = 'loading';

-- Who must not be called or written to. A contact is a number or an address.
CREATE TABLE opt_outs (
    workspace  TEXT   NOT NULL REFERENCES workspaces (id),
    contact    TEXT   NOT NULL,
    scope      TEXT   NOT NULL,               -- all, calls, messages
    source     TEXT   NOT NULL,               -- api, cli, keyword, carrier
    note       TEXT   NOT NULL DEFAULT '',
    created_us BIGINT NOT NULL,
    PRIMARY KEY (workspace, contact, scope)
);

CREATE TABLE channels (
    id         TEXT   NOT NULL PRIMARY KEY,   -- "chan_..."
    workspace  TEXT   NOT NULL REFERENCES workspaces (id),
    name       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,               -- phone, whatsapp, email
    address    TEXT   NOT NULL,               -- E.164 or an e-mail address
    timezone   TEXT   NOT NULL DEFAULT '',    -- IANA; empty: the default
    hours      TEXT   NOT NULL DEFAULT '[]',  -- JSON
    enabled    BIGINT NOT NULL,
    agent_uuid TEXT   NOT NULL DEFAULT '',    -- who answers what comes in; empty: nobody
    secret     TEXT   NOT NULL DEFAULT '',    -- of the inbound webhook of an e-mail channel: sealed
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    UNIQUE (kind, address)
);
CREATE INDEX channels_workspace ON channels (workspace, created_us, id);

-- A chat is a conversation in writing. Its journal has the forms of a call's.
CREATE TABLE chats (
    id         TEXT   NOT NULL PRIMARY KEY,   -- "chat_..."
    workspace  TEXT   NOT NULL REFERENCES workspaces (id),
    channel    TEXT   NOT NULL,
    kind       TEXT   NOT NULL,               -- of the channel
    address    TEXT   NOT NULL,               -- ours
    contact    TEXT   NOT NULL,
    agent_uuid TEXT   NOT NULL,
    agent      TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    subject    TEXT   NOT NULL DEFAULT '',
    variables  TEXT   NOT NULL DEFAULT '{}',
    metadata   TEXT   NOT NULL DEFAULT '{}',
    status     TEXT   NOT NULL,               -- open, closed
    reason     TEXT   NOT NULL DEFAULT '',
    epoch      BIGINT NOT NULL DEFAULT 0,     -- raised by whoever takes its turn
    busy_us    BIGINT,                        -- somebody is at it until then
    turn_us    BIGINT,                        -- since then a job waits that takes its turn
    last_n     BIGINT NOT NULL DEFAULT 0,     -- newest entry of the journal
    last_seq   BIGINT NOT NULL DEFAULT 0,     -- newest message
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    ended_us   BIGINT
);
CREATE INDEX chats_idle ON chats (updated_us, id) WHERE status = 'open';
CREATE UNIQUE INDEX chats_open ON chats (channel, contact) WHERE status = 'open'; -- one at a time
CREATE INDEX chats_workspace ON chats (workspace, created_us, id);
CREATE INDEX chats_contact ON chats (workspace, contact, created_us);

CREATE TABLE chat_events (
    chat_id TEXT   NOT NULL REFERENCES chats (id),
    n       BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    body    TEXT   NOT NULL,                  -- the entry as JSON
    PRIMARY KEY (chat_id, n)
);

CREATE TABLE messages (
    id         TEXT   NOT NULL PRIMARY KEY,   -- "msg_..."
    workspace  TEXT   NOT NULL,
    chat_id    TEXT   NOT NULL REFERENCES chats (id),
    seq        BIGINT NOT NULL,               -- of the chat, from 1
    direction  TEXT   NOT NULL,               -- in, out
    body       TEXT   NOT NULL,
    subject    TEXT   NOT NULL DEFAULT '',
    carrier_id TEXT,                          -- a MessageSid or Message-ID; NULL until it is known
    refs       TEXT   NOT NULL DEFAULT '',    -- of an e-mail: what it answers, newest last: JSON, or empty
    segments   BIGINT NOT NULL DEFAULT 0,
    status     TEXT   NOT NULL,               -- received, answered, dropped; queued, sending, sent, delivered, undelivered, failed
    error      TEXT   NOT NULL DEFAULT '',    -- the carrier's code, or what went wrong
    created_us BIGINT NOT NULL,
    sending_us BIGINT,                        -- just before the carrier was asked
    updated_us BIGINT NOT NULL,
    UNIQUE (chat_id, seq),
    UNIQUE (chat_id, carrier_id)              -- of a chat only: a stranger chooses a Message-ID, and one letter may be for two
);
CREATE INDEX messages_carrier ON messages (carrier_id) WHERE direction = 'out' AND carrier_id IS NOT NULL;
CREATE INDEX messages_waiting ON messages (chat_id, seq) WHERE status = 'received';
CREATE INDEX messages_workspace ON messages (workspace, created_us, id);

-- +goose Down
DROP TABLE messages;
DROP TABLE chat_events;
DROP TABLE chats;
DROP TABLE channels;
DROP TABLE opt_outs;
DROP TABLE batches;
DROP TABLE errands;
DROP TABLE trunks;
DROP INDEX calls_to;
DROP INDEX calls_from;
DROP INDEX calls_account_live;
ALTER TABLE calls DROP COLUMN chat;
ALTER TABLE calls DROP COLUMN proof;
ALTER TABLE calls DROP COLUMN dialled_us;
ALTER TABLE calls DROP COLUMN follow_up;
