package storage

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

const channelColumns = `id, workspace, name, kind, address, timezone, hours, enabled, agent_uuid, secret, created_us, updated_us`

// CreateChannel implements [roster.Channels].
func (db *DB) CreateChannel(ctx context.Context, c roster.Channel, who roster.Actor) (made roster.Channel, err error) {
	err = db.change(ctx, "create channel", func(tx Tx) error {
		if err := inWorkspace(ctx, tx, c.Workspace); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO channels (`+channelColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
			text(c.ID), text(c.Workspace), text(c.Name), text(c.Kind), text(c.Address), text(c.Timezone), keptHours(c.Hours),
			bit(c.Enabled), text(c.AgentUUID), text(c.Secret), c.Created.UnixMicro(), c.Updated.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return roster.ErrTaken
		}
		if err := note(ctx, tx, channelChange(c, "channel.create", c.Kind, who, c.Created)); err != nil {
			return err
		}
		made, err = oneChannel(ctx, tx, `WHERE id = $1`, text(c.ID))
		return err
	})
	if err != nil {
		return roster.Channel{}, err
	}
	return made, nil
}

// Channel implements [roster.Channels].
func (db *DB) Channel(ctx context.Context, workspace, id string) (roster.Channel, error) {
	return db.findChannel(ctx, `WHERE workspace = $1 AND id = $2`, text(workspace), text(id))
}

// ChannelAt implements [roster.Channels].
func (db *DB) ChannelAt(ctx context.Context, kind, address string) (roster.Channel, error) {
	return db.findChannel(ctx, `WHERE kind = $1 AND address = $2`, text(kind), text(address))
}

func (db *DB) findChannel(ctx context.Context, where string, args ...any) (c roster.Channel, err error) {
	err = db.read(ctx, "find channel", func(tx Tx) error {
		c, err = oneChannel(ctx, tx, where, args...)
		return err
	})
	return c, err
}

// ListChannels implements [roster.Channels]. The oldest comes first.
func (db *DB) ListChannels(ctx context.Context, workspace string) (all []roster.Channel, err error) {
	err = db.read(ctx, "list channels", func(tx Tx) error {
		all, err = eachChannel(ctx, tx, `WHERE workspace = $1 ORDER BY created_us, id`, text(workspace))
		return err
	})
	return all, err
}

// ChangeChannel implements [roster.Channels]. What says nothing new is no change.
func (db *DB) ChangeChannel(ctx context.Context, c roster.Channel, from time.Time, who roster.Actor, now time.Time) (on roster.Channel, err error) {
	err = db.change(ctx, "change channel", func(tx Tx) error {
		if on, err = oneChannel(ctx, tx, `WHERE workspace = $1 AND id = $2`, text(c.Workspace), text(c.ID)); err != nil {
			return err
		}
		if on.Updated.UnixMicro() != from.UnixMicro() {
			return roster.ErrConflict
		}
		parts := channelDiff(on, c)
		if len(parts) == 0 {
			return nil
		}
		// A change must be seen by its time, however coarse the clock is.
		updated := max(now.UnixMicro(), on.Updated.UnixMicro()+1)
		_, err := tx.Exec(ctx, `UPDATE channels SET name = $2, timezone = $3, hours = $4, enabled = $5, agent_uuid = $6, secret = $7,
			updated_us = $8 WHERE id = $1`, text(c.ID), text(c.Name), text(c.Timezone), keptHours(c.Hours), bit(c.Enabled),
			text(c.AgentUUID), text(c.Secret), updated)
		if err != nil {
			return err
		}
		if err := note(ctx, tx, channelChange(c, "channel.update", strings.Join(parts, ", "), who, now)); err != nil {
			return err
		}
		on, err = oneChannel(ctx, tx, `WHERE id = $1`, text(c.ID))
		return err
	})
	if err != nil {
		return roster.Channel{}, err
	}
	return on, nil
}

// DeleteChannel implements [roster.Channels]. Chats keep its id.
func (db *DB) DeleteChannel(ctx context.Context, workspace, id string, who roster.Actor, now time.Time) error {
	return db.change(ctx, "delete channel", func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM channels WHERE workspace = $1 AND id = $2`, text(workspace), text(id))
		if err != nil {
			return err
		}
		if n == 0 {
			return roster.ErrNotFound
		}
		return note(ctx, tx, channelChange(roster.Channel{Workspace: workspace, ID: id}, "channel.delete", "", who, now))
	})
}

// channelChange is a line of the audit. It names a channel by its id only.
func channelChange(c roster.Channel, what, detail string, who roster.Actor, now time.Time) roster.Change {
	return roster.Change{Workspace: c.Workspace, Who: who, What: what, Target: c.ID, Detail: detail, At: now}
}

// channelDiff names what of a channel changes. Kind and Address stay.
func channelDiff(was, is roster.Channel) (parts []string) {
	for _, one := range []struct {
		name    string
		differs bool
	}{
		{"agent", was.AgentUUID != text(is.AgentUUID)},
		{"enabled", was.Enabled != is.Enabled},
		{"hours", string(was.Hours) != keptHours(is.Hours)},
		{"name", was.Name != text(is.Name)},
		{"secret", was.Secret != is.Secret},
		{"timezone", was.Timezone != text(is.Timezone)},
	} {
		if one.differs {
			parts = append(parts, one.name)
		}
	}
	return parts
}

// keptHours are hours as they are kept; nil is none.
func keptHours(hours json.RawMessage) string {
	if len(hours) == 0 {
		return "[]"
	}
	return text(string(hours))
}

// oneChannel returns the channel that where finds, or [roster.ErrNotFound].
func oneChannel(ctx context.Context, tx Tx, where string, args ...any) (roster.Channel, error) {
	all, err := eachChannel(ctx, tx, where, args...)
	if err == nil && len(all) == 0 {
		err = roster.ErrNotFound
	}
	if err != nil {
		return roster.Channel{}, err
	}
	return all[0], nil
}

func eachChannel(ctx context.Context, tx Tx, where string, args ...any) (all []roster.Channel, err error) {
	err = tx.Each(ctx, `SELECT `+channelColumns+` FROM channels `+where, args, func(scan Scan) error {
		var c roster.Channel
		var hours, secret string
		var enabled, created, updated int64
		err := scan(&c.ID, &c.Workspace, &c.Name, &c.Kind, &c.Address, &c.Timezone, &hours, &enabled, &c.AgentUUID, &secret, &created, &updated)
		c.Hours, c.Enabled, c.Secret = json.RawMessage(hours), enabled != 0, roster.Secret(secret)
		c.Created, c.Updated = time.UnixMicro(created), time.UnixMicro(updated)
		all = append(all, c)
		return err
	})
	return all, err
}
