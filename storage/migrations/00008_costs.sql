-- What a call used of what is billed, and what that cost by the prices of its end.

-- +goose Up
ALTER TABLE calls ADD COLUMN usage      TEXT   NOT NULL DEFAULT ''; -- cost.Usage as JSON; empty: nothing was used
ALTER TABLE calls ADD COLUMN cost       TEXT   NOT NULL DEFAULT ''; -- cost.Bill as JSON; empty: it goes on, or nothing had a price
ALTER TABLE calls ADD COLUMN cost_nanos BIGINT NOT NULL DEFAULT 0;  -- its total in billionths of a dollar

-- +goose Down
ALTER TABLE calls DROP COLUMN cost_nanos;
ALTER TABLE calls DROP COLUMN cost;
ALTER TABLE calls DROP COLUMN usage;
