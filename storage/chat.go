package storage

import (
	"context"
	"database/sql"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/chat"
)

var _ chat.Store = (*DB)(nil)

const chatColumns = `id, workspace, channel, kind, address, contact, agent_uuid, agent, version, subject,
	variables, metadata, status, reason, epoch, last_n, created_us, updated_us, ended_us`

// OpenChat implements [chat.Store]. The unique indexes decide between two who open
// the same.
func (db *DB) OpenChat(ctx context.Context, c chat.Chat, begin bool) (on chat.Chat, created bool, err error) {
	err = db.write(ctx, "open chat", func(tx Tx) error {
		on, created = chat.Chat{}, false
		var due any
		if begin {
			due = c.Created.UnixMicro()
		}
		// Whoever is in our way may close meanwhile: then the way is free.
		for try := 0; try < 3; try++ {
			n, err := tx.Exec(ctx, `INSERT INTO chats (`+chatColumns+`, turn_us)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) ON CONFLICT DO NOTHING`,
				text(c.ID), text(c.Workspace), text(c.Channel), text(c.Kind), text(c.Address), text(c.Contact), text(c.AgentUUID),
				text(c.Agent), c.Version, text(c.Subject), text(c.Variables), text(c.Metadata), text(c.Status), text(c.Reason),
				c.Epoch, c.Last, c.Created.UnixMicro(), c.Updated.UnixMicro(), micros(c.Ended), due)
			if err != nil {
				return err
			}
			created = n == 1
			all, err := eachChat(ctx, tx, `WHERE id = $1 OR channel = $2 AND contact = $3 AND status = 'open'
				ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END`, text(c.ID), text(c.Channel), text(c.Contact))
			if err != nil {
				return err
			}
			if len(all) > 0 {
				on = all[0]
				break
			}
		}
		switch {
		case on.ID == "":
			return chat.ErrNotFound
		case created && begin:
			return db.engine.Enqueue(ctx, tx, Job{Kind: chat.JobTurn, ID: c.ID, At: c.Created, Line: Slow})
		}
		return nil
	})
	if err != nil {
		return chat.Chat{}, false, err
	}
	return on, created, nil
}

// Chat implements [chat.Store].
func (db *DB) Chat(ctx context.Context, workspace, id string) (chat.Chat, error) {
	var c conditions
	c.add("id = %s", c.arg(text(id)))
	c.inAny(workspace)
	return db.findChat(ctx, c.whereOrAll(), c.args...)
}

// OpenChatWith implements [chat.Store].
func (db *DB) OpenChatWith(ctx context.Context, channel, contact string) (chat.Chat, error) {
	return db.findChat(ctx, `WHERE channel = $1 AND contact = $2 AND status = 'open'`, text(channel), text(contact))
}

func (db *DB) findChat(ctx context.Context, where string, args ...any) (c chat.Chat, err error) {
	err = db.read(ctx, "find chat", func(tx Tx) error {
		c, err = oneChat(ctx, tx, where, args...)
		return err
	})
	return c, err
}

// Chats implements [chat.Store]; see [DB.Errands].
func (db *DB) Chats(ctx context.Context, workspace string, f chat.Filter, cursor string, limit int) (all []chat.Chat, next string, err error) {
	limit = pageLimit(limit)
	var c conditions
	c.inAny(workspace)
	for _, one := range [][2]string{{"status", f.Status}, {"channel", f.Channel}, {"agent_uuid", f.AgentUUID}, {"contact", f.Contact}} {
		if one[1] != "" {
			c.add("%s = %s", one[0], c.arg(text(one[1])))
		}
	}
	if err := c.after(cursor); err != nil {
		return nil, "", err
	}
	where := c.whereOrAll() + ` ORDER BY created_us DESC, id DESC LIMIT ` + c.arg(int64(limit+1))
	err = db.read(ctx, "list chats", func(tx Tx) error {
		all, err = eachChat(ctx, tx, where, c.args...)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	all, next = pageOf(all, limit, func(c chat.Chat) (time.Time, string) { return c.Created, c.ID })
	return all, next, nil
}

// CloseChat implements [chat.Store].
func (db *DB) CloseChat(ctx context.Context, workspace, id, reason string, now time.Time) (on chat.Chat, err error) {
	err = db.write(ctx, "close chat", func(tx Tx) error {
		var c conditions
		at := c.arg(now.UnixMicro())
		why := c.arg(text(reason))
		c.add("id = %s", c.arg(text(id)))
		c.inAny(workspace)
		n, err := tx.Exec(ctx, `UPDATE chats SET status = 'closed', ended_us = `+at+`, updated_us = `+at+`, reason = `+why+`
			WHERE status = 'open' AND `+c.where(), c.args...)
		if err == nil && n > 0 { // nobody answers what waits
			_, err = tx.Exec(ctx, `UPDATE messages SET status = 'dropped', error = 'closed', updated_us = $2
				WHERE chat_id = $1 AND status = 'received'`, text(id), now.UnixMicro())
		}
		if err != nil {
			return err
		}
		if on, err = oneChat(ctx, tx, `WHERE id = $1`, text(id)); err == nil && workspace != "" && on.Workspace != text(workspace) {
			err = chat.ErrNotFound
		}
		return err
	})
	if err != nil {
		return chat.Chat{}, err
	}
	return on, nil
}

// CloseIdle implements [chat.Store].
func (db *DB) CloseIdle(ctx context.Context, since time.Time, limit int, now time.Time) (closed int, err error) {
	err = db.write(ctx, "close idle chats", func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE chats SET status = 'closed', reason = 'idle', ended_us = $2, updated_us = $2
			WHERE id IN (SELECT id FROM chats WHERE status = 'open' AND updated_us < $1
				AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.chat_id = chats.id AND m.status = 'received')
				ORDER BY updated_us, id LIMIT $3)
			AND status = 'open' AND updated_us < $1`, since.UnixMicro(), now.UnixMicro(), int64(limit))
		closed = int(n)
		return err
	})
	return closed, err
}

// oneChat returns the chat that where finds, or [chat.ErrNotFound].
func oneChat(ctx context.Context, tx Tx, where string, args ...any) (chat.Chat, error) {
	all, err := eachChat(ctx, tx, where, args...)
	if err == nil && len(all) == 0 {
		err = chat.ErrNotFound
	}
	if err != nil {
		return chat.Chat{}, err
	}
	return all[0], nil
}

func eachChat(ctx context.Context, tx Tx, where string, args ...any) (all []chat.Chat, err error) {
	err = tx.Each(ctx, `SELECT `+chatColumns+` FROM chats `+where, args, func(scan Scan) error {
		var c chat.Chat
		var created, updated int64
		var ended sql.NullInt64
		err := scan(&c.ID, &c.Workspace, &c.Channel, &c.Kind, &c.Address, &c.Contact, &c.AgentUUID, &c.Agent, &c.Version, &c.Subject,
			&c.Variables, &c.Metadata, &c.Status, &c.Reason, &c.Epoch, &c.Last, &created, &updated, &ended)
		c.Created, c.Updated, c.Ended = time.UnixMicro(created), time.UnixMicro(updated), instant(ended)
		all = append(all, c)
		return err
	})
	return all, err
}
