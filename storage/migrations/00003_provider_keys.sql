-- The keys that workspaces have of outside services.

-- +goose Up
CREATE TABLE provider_keys (
    id         BIGINT NOT NULL PRIMARY KEY,
    workspace  TEXT   NOT NULL REFERENCES workspaces (id),
    provider   TEXT   NOT NULL,
    sealed     TEXT   NOT NULL,
    who        TEXT   NOT NULL,
    updated_us BIGINT NOT NULL,
    UNIQUE (workspace, provider)
);

-- +goose Down
DROP TABLE provider_keys;
