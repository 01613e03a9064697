package storage

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/chat"
)

// SendMessage implements [chat.Store].
func (db *DB) SendMessage(ctx context.Context, m chat.Message) (on chat.Message, err error) {
	err = db.write(ctx, "send message", func(tx Tx) error {
		if on, err = oneMessage(ctx, tx, `WHERE id = $1`, text(m.ID)); !errors.Is(err, chat.ErrNotFound) {
			return err
		}
		if err := db.addMessage(ctx, tx, m, m.Created); err != nil {
			return err
		}
		on, err = oneMessage(ctx, tx, `WHERE id = $1`, text(m.ID))
		return err
	})
	if errors.Is(err, errFaster) {
		return db.Message(ctx, m.ID)
	}
	if err != nil {
		return chat.Message{}, err
	}
	return on, nil
}

// BeginSend implements [chat.Store].
func (db *DB) BeginSend(ctx context.Context, id string, now time.Time) (m chat.Message, again bool, err error) {
	err = db.write(ctx, "begin to send", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE messages SET status = 'sending', sending_us = $2, updated_us = $2
			WHERE id = $1 AND status = 'queued'`, text(id), now.UnixMicro())
		if err != nil {
			return err
		}
		m, err = oneMessage(ctx, tx, `WHERE id = $1`, text(id))
		again = n == 0 && m.Status == chat.Sending
		return err
	})
	if err != nil {
		return chat.Message{}, false, err
	}
	return m, again, nil
}

// sendingRank is how far a message that goes out has come.
var sendingRank = map[string]int{
	chat.Queued: 1, chat.Sending: 2, chat.Sent: 3, chat.Delivered: 4, chat.Undelivered: 4, chat.Failed: 4,
}

// SetMessage implements [chat.Store]. A carrier's id that another message of
// the chat has is left with it.
func (db *DB) SetMessage(ctx context.Context, id, carrier, status, code string, now time.Time) error {
	return db.write(ctx, "keep what became of a message", func(tx Tx) error {
		where, key := `WHERE direction = 'out' AND id = $1`, text(id)
		if id == "" {
			where, key = `WHERE direction = 'out' AND carrier_id = $1`, text(carrier)
		}
		m, err := oneMessage(ctx, tx, where, key)
		if err != nil {
			return err
		}
		// The row is locked before it is judged: two callbacks may come at once.
		if _, err := tx.Exec(ctx, `UPDATE messages SET carrier_id = $2 WHERE id = $1 AND $2 <> ''
			AND NOT EXISTS (SELECT 1 FROM messages WHERE chat_id = $3 AND carrier_id = $2)`, m.ID, text(carrier), m.Chat); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE messages SET updated_us = updated_us WHERE id = $1`, m.ID); err != nil {
			return err
		}
		if m, err = oneMessage(ctx, tx, `WHERE id = $1`, m.ID); err != nil || sendingRank[status] <= sendingRank[m.Status] {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE messages SET status = $2, error = $3, updated_us = $4 WHERE id = $1`,
			m.ID, text(status), text(code), now.UnixMicro())
		return err
	})
}
