-- Who answered a call that was placed, as we found out, and what was left.

-- +goose Up
ALTER TABLE calls ADD COLUMN answer       TEXT NOT NULL DEFAULT ''; -- agentcore.Answer as JSON; empty: nobody found out
ALTER TABLE calls ADD COLUMN answer_class TEXT NOT NULL DEFAULT ''; -- its class

-- +goose Down
ALTER TABLE calls DROP COLUMN answer_class;
ALTER TABLE calls DROP COLUMN answer;
