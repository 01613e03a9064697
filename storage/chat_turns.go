package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/chat"
)

// turnOwed is for how long a chat's job is believed to come, when messages go on
// to come in: one that was given up for good must not keep the chat silent.
const turnOwed = time.Minute

// oweTurn enqueues the job of a chat's next turn, unless one waits. The chat's row
// is locked. However many messages come in, one job answers them.
func (db *DB) oweTurn(ctx context.Context, tx Tx, id string, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE chats SET turn_us = $2 WHERE id = $1 AND (turn_us IS NULL OR turn_us < $3)`,
		text(id), now.UnixMicro(), now.Add(-turnOwed).UnixMicro())
	if err != nil || n == 0 {
		return err
	}
	return db.engine.Enqueue(ctx, tx, Job{Kind: chat.JobTurn, ID: id, At: now, Line: Slow})
}

// TakeTurn implements [chat.Store].
func (db *DB) TakeTurn(ctx context.Context, id string, now, until time.Time) (c chat.Chat, waiting []chat.Message, err error) {
	err = db.write(ctx, "take a chat's turn", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE chats SET epoch = epoch + 1, busy_us = $3, turn_us = NULL
			WHERE id = $1 AND status = 'open' AND COALESCE(busy_us, 0) <= $2`, text(id), now.UnixMicro(), until.UnixMicro())
		if err != nil {
			return err
		}
		c, err = oneChat(ctx, tx, `WHERE id = $1`, text(id))
		switch {
		case err != nil:
			return err
		case n == 0 && c.Status == chat.Closed:
			return chat.ErrClosed
		case n == 0:
			return chat.ErrBusy
		}
		waiting, err = eachMessage(ctx, tx, `WHERE chat_id = $1 AND status = 'received' ORDER BY seq`, text(id))
		return err
	})
	if err != nil {
		return chat.Chat{}, nil, err
	}
	return c, waiting, nil
}

// Note implements [chat.Store]. Entries that don't continue the journal's numbers
// are [ErrGap].
func (db *DB) Note(ctx context.Context, c chat.Chat, entries []agentcore.Entry) error {
	return db.write(ctx, "note in a chat", func(tx Tx) error {
		return noteChat(ctx, tx, c, entries, "")
	})
}

// LetGo implements [chat.Store].
func (db *DB) LetGo(ctx context.Context, c chat.Chat, entries []agentcore.Entry) error {
	return db.write(ctx, "let go of a chat", func(tx Tx) error {
		return noteChat(ctx, tx, c, entries, ", busy_us = NULL")
	})
}

// EndTurn implements [chat.Store].
func (db *DB) EndTurn(ctx context.Context, c chat.Chat, read []chat.Message, entries []agentcore.Entry, answers []chat.Message, now time.Time) error {
	return db.write(ctx, "end a chat's turn", func(tx Tx) error {
		if err := noteChat(ctx, tx, c, entries, ", busy_us = NULL"); err != nil {
			return err
		}
		for _, m := range read {
			_, err := tx.Exec(ctx, `UPDATE messages SET status = 'answered', updated_us = $3
				WHERE id = $1 AND chat_id = $2 AND status = 'received'`, text(m.ID), text(c.ID), now.UnixMicro())
			if err != nil {
				return err
			}
		}
		for _, m := range answers {
			m.Chat = c.ID
			if err := db.addMessage(ctx, tx, m, now); err != nil {
				return err
			}
		}
		more, err := exists(ctx, tx, `SELECT 1 FROM messages WHERE chat_id = $1 AND status = 'received' LIMIT 1`, text(c.ID))
		switch {
		case err != nil:
			return err
		case more:
			return db.oweTurn(ctx, tx, c.ID, now)
		case c.Status == chat.Closed:
			_, err = tx.Exec(ctx, `UPDATE chats SET status = 'closed', reason = $2, ended_us = $3, updated_us = $3 WHERE id = $1`,
				text(c.ID), text(c.Reason), now.UnixMicro())
		default:
			_, err = tx.Exec(ctx, `UPDATE chats SET updated_us = $2 WHERE id = $1`, text(c.ID), now.UnixMicro())
		}
		return err
	})
}

// noteChat adds entries to a chat's journal at its epoch, and sets what else set
// says. The row comes first, as in [DB.Append].
func noteChat(ctx context.Context, tx Tx, c chat.Chat, entries []agentcore.Entry, set string) error {
	bodies, err := encode(entries)
	if err != nil {
		return err
	}
	var first any // no entry: wherever the journal is
	if len(entries) > 0 {
		first = entries[0].N
	}
	n, err := tx.Exec(ctx, `UPDATE chats SET last_n = last_n + $4, variables = $5`+set+`
		WHERE id = $1 AND epoch = $2 AND status = 'open' AND last_n = COALESCE(CAST($3 AS BIGINT) - 1, last_n)`,
		text(c.ID), c.Epoch, first, len(entries), text(c.Variables))
	if err != nil {
		return err
	}
	if n == 0 {
		on, err := oneChat(ctx, tx, `WHERE id = $1`, text(c.ID))
		switch {
		case err != nil:
			return err
		case on.Epoch != c.Epoch:
			return chat.ErrEpoch
		case on.Status == chat.Closed:
			return chat.ErrClosed
		}
		return ErrGap
	}
	for i, e := range entries {
		_, err := tx.Exec(ctx, `INSERT INTO chat_events (chat_id, n, kind, body) VALUES ($1, $2, $3, $4)`,
			text(c.ID), e.N, e.Event.Kind(), bodies[i])
		if err != nil {
			return err
		}
	}
	return nil
}

// ChatJournal implements [chat.Store]. A chat that isn't there has none.
func (db *DB) ChatJournal(ctx context.Context, id string, after int) (all []agentcore.Entry, err error) {
	err = db.read(ctx, "read a chat's journal", func(tx Tx) error {
		all = nil
		return tx.Each(ctx, `SELECT body FROM chat_events WHERE chat_id = $1 AND n > $2 ORDER BY n`, []any{text(id), after}, func(scan Scan) error {
			var body string
			if err := scan(&body); err != nil {
				return err
			}
			var e agentcore.Entry
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				return fmt.Errorf("chat %s: %w", id, err)
			}
			all = append(all, e)
			return nil
		})
	})
	return all, err
}
