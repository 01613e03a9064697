package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/telephony"
)

// PastWith implements [chat.Store]: what was written and not dropped or lost, and
// what was heard on calls, of the same workspace. Who is a foreign call's caller is
// anybody's word, and nobody's past. Who has no number has none either: those who
// withhold theirs are many.
func (db *DB) PastWith(ctx context.Context, workspace, contact string, before time.Time, limit int) (all []chat.Past, err error) {
	if limit <= 0 || contact == "" {
		return nil, nil
	}
	err = db.read(ctx, "recall what was said", func(tx Tx) error {
		written, err := writtenWith(ctx, tx, workspace, contact, before, limit)
		if err != nil {
			return err
		}
		said, err := saidWith(ctx, tx, workspace, contact, before, limit)
		all = append(written, said...)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b chat.Past) int { return a.At.Compare(b.At) })
	return all[max(0, len(all)-limit):], nil
}

// writtenWith lists messages, oldest first, the newest limit of them.
func writtenWith(ctx context.Context, tx Tx, workspace, contact string, before time.Time, limit int) (all []chat.Past, err error) {
	err = tx.Each(ctx, `SELECT c.kind, m.direction, m.body, m.created_us FROM chats c JOIN messages m ON m.chat_id = c.id
		WHERE c.workspace = $1 AND c.contact = $2 AND m.created_us < $3 AND m.body <> ''
		AND m.status IN ('received', 'answered', 'queued', 'sending', 'sent', 'delivered')
		ORDER BY m.created_us DESC, m.seq DESC LIMIT $4`,
		[]any{text(workspace), text(contact), before.UnixMicro(), int64(limit)}, func(scan Scan) error {
			var kind, direction string
			var at int64
			var p chat.Past
			err := scan(&kind, &direction, &p.Text, &at)
			p.At, p.Where, p.Contact = time.UnixMicro(at), chat.Where(kind), direction == chat.In
			all = append(all, p)
			return err
		})
	slices.Reverse(all)
	return all, err
}

// saidWith lists lines of calls, oldest first, the newest limit of them. When each
// was said stands in the journal.
func saidWith(ctx context.Context, tx Tx, workspace, contact string, before time.Time, limit int) (all []chat.Past, err error) {
	err = tx.Each(ctx, `SELECT l.speaker, l.said, e.body FROM calls c JOIN transcript_lines l ON l.call_id = c.id
		JOIN call_events e ON e.call_id = l.call_id AND e.n = l.n
		WHERE c.foreign_ = 0 AND c.id IN (
			SELECT id FROM calls WHERE workspace = $1 AND from_number = $2 AND direction = $5 AND created_us < $3
			UNION ALL SELECT id FROM calls WHERE workspace = $1 AND to_number = $2 AND direction = $6 AND created_us < $3)
		AND l.said <> '' ORDER BY c.created_us DESC, c.id DESC, l.n DESC LIMIT $4`,
		[]any{text(workspace), text(contact), before.UnixMicro(), int64(limit), text(telephony.Inbound), text(telephony.Outbound)}, func(scan Scan) error {
			var speaker, body string
			p := chat.Past{Where: "call"}
			if err := scan(&speaker, &p.Text, &body); err != nil {
				return err
			}
			var e agentcore.Entry
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				return fmt.Errorf("a call's entry: %w", err)
			}
			p.At, p.Contact = e.Wall, speaker == "caller"
			if p.At.Before(before) {
				all = append(all, p)
			}
			return nil
		})
	slices.Reverse(all)
	return all, err
}
