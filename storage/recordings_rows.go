package storage

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Recording is the sound of one epoch of a call: a part of it, if the call was
// lost and taken up again.
type Recording struct {
	Call   telephony.CallID
	Epoch  int
	Object string        // its name in the bucket; its peaks lie beside it
	Start  time.Duration // since the call was answered
	Length time.Duration
	Bytes  int64 // of the object
}

// SetRecording keeps r, in place of what was kept of its epoch before.
func (db *DB) SetRecording(ctx context.Context, r Recording) error {
	return db.write(ctx, "keep a recording", func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO recordings (call_id, epoch, object, start_ms, length_ms, bytes)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (call_id, epoch) DO UPDATE SET object = excluded.object,
				start_ms = excluded.start_ms, length_ms = excluded.length_ms, bytes = excluded.bytes`,
			text(r.Call), int64(r.Epoch), text(r.Object), r.Start.Milliseconds(), r.Length.Milliseconds(), r.Bytes)
		return err
	})
}

// Recordings lists the parts of a call's recording, in their order.
func (db *DB) Recordings(ctx context.Context, id telephony.CallID) ([]Recording, error) {
	var all []Recording
	err := db.read(ctx, "list recordings", func(tx Tx) error {
		all = nil
		return tx.Each(ctx, `SELECT epoch, object, start_ms, length_ms, bytes FROM recordings
			WHERE call_id = $1 ORDER BY epoch`, []any{text(id)}, func(scan Scan) error {
			r := Recording{Call: id}
			var start, length int64
			err := scan(&r.Epoch, &r.Object, &start, &length, &r.Bytes)
			r.Start, r.Length = time.Duration(start)*time.Millisecond, time.Duration(length)*time.Millisecond
			all = append(all, r)
			return err
		})
	})
	return all, err
}
