package storage

import (
	"context"

	"github.com/hookswitch/hookswitch/telephony"
)

// SetAnswerer implements [dispatch.Calls]. It names no epoch: who answered is as
// true after a takeover.
func (db *DB) SetAnswerer(ctx context.Context, id telephony.CallID, by string) error {
	return db.write(ctx, "keep who answered", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE calls SET answerer = CASE WHEN answerer = '' THEN $2 ELSE answerer END
			WHERE id = $1`, text(id), text(by))
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
}
