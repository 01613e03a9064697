package storage

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/telephony"
)

// MaxDoors is how many doors of a workspace are good at once, and MaxDoorBytes
// how much its doors may bring along until they are past.
const (
	MaxDoors     = 10000
	MaxDoorBytes = 64 << 20
)

// AddDoor implements [room.Store]. The workspace's row is locked for the count.
// Doors that are past go, so that they don't pile up.
func (s rooms) AddDoor(ctx context.Context, d room.Door) error {
	attributes, err := json.Marshal(d.Attributes)
	if err != nil {
		return named("add door", err)
	}
	agents, err := json.Marshal(d.Agents)
	if err != nil {
		return named("add door", err)
	}
	return s.db.write(ctx, "add door", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE workspaces SET feed_last = feed_last WHERE id = $1`, text(d.Workspace))
		if err == nil && n == 0 {
			err = room.ErrNotFound
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM room_doors WHERE workspace = $1 AND expires_us <= $2`, text(d.Workspace), d.Created.UnixMicro()); err != nil {
			return err
		}
		var good, held int
		err = tx.Each(ctx, `SELECT COUNT(CASE WHEN spent_by IS NULL THEN 1 END),
				COALESCE(SUM(OCTET_LENGTH(metadata) + OCTET_LENGTH(attributes) + OCTET_LENGTH(agents)), 0)
			FROM room_doors WHERE workspace = $1`,
			[]any{text(d.Workspace)}, func(scan Scan) error { return scan(&good, &held) })
		switch {
		case err != nil:
			return err
		case good >= MaxDoors:
			return full(MaxDoors, "doors of the workspace are good")
		case held+len(d.Metadata)+len(attributes)+len(agents) > MaxDoorBytes:
			return full(MaxDoorBytes, "bytes are brought along by the workspace's doors")
		}
		n, err = tx.Exec(ctx, `INSERT INTO room_doors (hash, workspace, pair, room, direction, identity, name, metadata, attributes, agents, created_us, expires_us)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
			text(d.Hash), text(d.Workspace), text(d.Key), text(d.Room), text(d.Direction), text(d.Identity), text(d.Name), text(d.Metadata),
			text(string(attributes)), text(string(agents)), d.Created.UnixMicro(), d.Expires.UnixMicro())
		if err == nil && n == 0 {
			err = room.ErrTaken
		}
		return err
	})
}

// SpendDoor implements [room.Store]. Anybody may make up a token: who has none of
// ours costs no write.
func (s rooms) SpendDoor(ctx context.Context, hash, carrier string, now time.Time) (d room.Door, err error) {
	err = s.db.read(ctx, "spend door", func(tx Tx) error {
		known, err := exists(ctx, tx, `SELECT 1 FROM room_doors WHERE hash = $1`, text(hash))
		if err == nil && !known {
			err = room.ErrNotFound
		}
		return err
	})
	if err != nil {
		return room.Door{}, err
	}
	err = s.db.write(ctx, "spend door", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE room_doors SET spent_by = $2 WHERE hash = $1 AND expires_us > $3 AND (spent_by IS NULL OR spent_by = $2)`,
			text(hash), text(carrier), now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 1 {
			d, err = oneDoor(ctx, tx, hash)
			return err
		}
		spent, err := exists(ctx, tx, `SELECT 1 FROM room_doors WHERE hash = $1 AND expires_us > $2`, text(hash), now.UnixMicro())
		switch {
		case err != nil:
			return err
		case spent:
			return room.ErrTaken
		}
		return room.ErrNotFound
	})
	if err != nil {
		return room.Door{}, err
	}
	return d, nil
}

func oneDoor(ctx context.Context, tx Tx, hash string) (d room.Door, err error) {
	err = tx.Each(ctx, `SELECT hash, workspace, pair, room, direction, identity, name, metadata, attributes, agents, created_us, expires_us
		FROM room_doors WHERE hash = $1`, []any{text(hash)}, func(scan Scan) error {
		var direction, attributes, agents string
		var created, expires int64
		err := scan(&d.Hash, &d.Workspace, &d.Key, &d.Room, &direction, &d.Identity, &d.Name, &d.Metadata, &attributes, &agents, &created, &expires)
		if err != nil {
			return err
		}
		d.Direction, d.Created, d.Expires = telephony.Direction(direction), time.UnixMicro(created), time.UnixMicro(expires)
		if err := json.Unmarshal([]byte(attributes), &d.Attributes); err != nil {
			return err
		}
		return json.Unmarshal([]byte(agents), &d.Agents)
	})
	return d, err
}
