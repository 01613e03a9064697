package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/chat"
)

const messageColumns = `id, workspace, chat_id, seq, direction, body, subject, carrier_id, refs, segments, status, error,
	created_us, sending_us, updated_us`

// Receive implements [chat.Store]. The chat's row is locked, so that messages
// which come at once wait for one another: their numbers have no gap, and the
// count of those that wait is right.
func (db *DB) Receive(ctx context.Context, m chat.Message, most int) (on chat.Message, isNew bool, err error) {
	came := m
	err = db.write(ctx, "receive message", func(tx Tx) error {
		isNew, m = false, came
		if on, err = knownMessage(ctx, tx, m); !errors.Is(err, chat.ErrNotFound) {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE chats SET updated_us = $2 WHERE id = $1`, text(m.Chat), m.Created.UnixMicro())
		if err != nil {
			return err
		}
		c, err := oneChat(ctx, tx, `WHERE id = $1`, text(m.Chat))
		switch {
		case err != nil:
			return err
		case m.Status == chat.Received && c.Status == chat.Closed:
			return chat.ErrClosed
		}
		if m.Status == chat.Received {
			full, err := waitingFull(ctx, tx, m.Chat, most)
			if err != nil {
				return err
			}
			if full {
				m.Status, m.Error = chat.Dropped, "too_many"
			}
		}
		if err := db.addMessage(ctx, tx, m, m.Created); err != nil {
			return err
		}
		if m.Status == chat.Received {
			if err := db.oweTurn(ctx, tx, m.Chat, m.Created); err != nil {
				return err
			}
		}
		isNew = true
		on, err = oneMessage(ctx, tx, `WHERE id = $1`, text(m.ID))
		return err
	})
	if errors.Is(err, errFaster) {
		isNew = false
		err = db.read(ctx, "find message", func(tx Tx) error {
			on, err = knownMessage(ctx, tx, m)
			return err
		})
	}
	if err != nil {
		return chat.Message{}, false, err
	}
	return on, isNew, nil
}

// knownMessage is the message of m's id, or in its chat of the carrier's, that is
// there already.
func knownMessage(ctx context.Context, tx Tx, m chat.Message) (chat.Message, error) {
	return oneMessage(ctx, tx, `WHERE id = $1 OR chat_id = $2 AND carrier_id = $3`, text(m.ID), text(m.Chat), null(text(m.Carrier)))
}

// waitingFull reports whether most messages of a chat wait for an answer.
func waitingFull(ctx context.Context, tx Tx, id string, most int) (bool, error) {
	n := 0
	err := tx.Each(ctx, `SELECT COUNT(*) FROM messages WHERE chat_id = $1 AND status = 'received'`, []any{text(id)},
		func(scan Scan) error { return scan(&n) })
	return n >= most, err
}

// addMessage adds m under its chat's next number, and the job of one that is to go
// out. Who was faster with the same is errFaster.
func (db *DB) addMessage(ctx context.Context, tx Tx, m chat.Message, now time.Time) error {
	n := 0
	err := tx.Each(ctx, `UPDATE chats SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq`, []any{text(m.Chat)},
		func(scan Scan) error { n++; return scan(&m.Seq) })
	if err == nil && n == 0 {
		err = chat.ErrNotFound
	}
	if err != nil {
		return err
	}
	refs := ""
	if len(m.Refs) > 0 {
		b, err := json.Marshal(m.Refs)
		if err != nil {
			return err
		}
		refs = string(b)
	}
	added, err := tx.Exec(ctx, `INSERT INTO messages (`+messageColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING`,
		text(m.ID), text(m.Workspace), text(m.Chat), m.Seq, text(m.Direction), text(m.Body), text(m.Subject), null(text(m.Carrier)),
		text(refs), m.Segments, text(m.Status), text(m.Error), m.Created.UnixMicro(), micros(m.Sending), m.Updated.UnixMicro())
	switch {
	case err != nil:
		return err
	case added == 0:
		return errFaster
	case m.Direction == chat.Out && m.Status == chat.Queued:
		return db.engine.Enqueue(ctx, tx, Job{Kind: chat.JobSend, ID: m.ID, At: now, Line: Slow})
	}
	return nil
}

// Waiting implements [chat.Store].
func (db *DB) Waiting(ctx context.Context, id string) (n int, oldest, newest time.Time, err error) {
	err = db.read(ctx, "count waiting messages", func(tx Tx) error {
		var from, to int64
		err := tx.Each(ctx, `SELECT COUNT(*), COALESCE(MIN(created_us), 0), COALESCE(MAX(created_us), 0)
			FROM messages WHERE chat_id = $1 AND status = 'received'`, []any{text(id)}, func(scan Scan) error { return scan(&n, &from, &to) })
		oldest, newest = whenOrNever(from), whenOrNever(to)
		return err
	})
	return n, oldest, newest, err
}

// Message implements [chat.Store].
func (db *DB) Message(ctx context.Context, id string) (m chat.Message, err error) {
	err = db.read(ctx, "find message", func(tx Tx) error {
		m, err = oneMessage(ctx, tx, `WHERE id = $1`, text(id))
		return err
	})
	return m, err
}

// Messages implements [chat.Store].
func (db *DB) Messages(ctx context.Context, id string, after, limit int) (all []chat.Message, err error) {
	err = db.read(ctx, "list messages", func(tx Tx) error {
		all, err = eachMessage(ctx, tx, `WHERE chat_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`, text(id), after, int64(max(0, limit)))
		return err
	})
	return all, err
}

// oneMessage returns the message that where finds, or [chat.ErrNotFound].
func oneMessage(ctx context.Context, tx Tx, where string, args ...any) (chat.Message, error) {
	all, err := eachMessage(ctx, tx, where, args...)
	if err == nil && len(all) == 0 {
		err = chat.ErrNotFound
	}
	if err != nil {
		return chat.Message{}, err
	}
	return all[0], nil
}

func eachMessage(ctx context.Context, tx Tx, where string, args ...any) (all []chat.Message, err error) {
	err = tx.Each(ctx, `SELECT `+messageColumns+` FROM messages `+where, args, func(scan Scan) error {
		var m chat.Message
		var carrier sql.NullString
		var refs string
		var created, updated int64
		var sending sql.NullInt64
		if err := scan(&m.ID, &m.Workspace, &m.Chat, &m.Seq, &m.Direction, &m.Body, &m.Subject, &carrier, &refs, &m.Segments,
			&m.Status, &m.Error, &created, &sending, &updated); err != nil {
			return err
		}
		m.Carrier, m.Created, m.Sending, m.Updated = carrier.String, time.UnixMicro(created), instant(sending), time.UnixMicro(updated)
		if refs != "" {
			if err := json.Unmarshal([]byte(refs), &m.Refs); err != nil {
				return fmt.Errorf("message %s: %w", m.ID, err)
			}
		}
		all = append(all, m)
		return nil
	})
	return all, err
}
