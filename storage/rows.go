package storage

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

func scanCall(scan Scan) (dispatch.Record, error) {
	var (
		id, from, to, direction, agent, state, reason string
		carrier                                       sql.NullString
		created, followUp, foreign                    int64
		answered, ended, prepared, dialled            sql.NullInt64
		r                                             dispatch.Record
	)
	err := scan(&id, &r.Epoch, &r.Admitted, &carrier, &from, &to, &direction, &agent,
		&state, &r.Sequence, &r.SIPCode, &r.Last, &created, &answered, &ended, &reason,
		&r.Workspace, &r.Node, &r.AgentUUID, &r.Version, &r.Conversation, &r.Variables, &prepared, &r.PostCall, &r.Why,
		&r.Account, &r.Answerer, &followUp, &dialled, &r.Proof, &r.Chat, &r.Room, &foreign, &r.Answer, &r.Usage, &r.Cost)
	r.ID, r.Carrier = telephony.CallID(id), carrier.String
	r.From, r.To, r.Direction = telephony.Number(from), telephony.Number(to), telephony.Direction(direction)
	r.Agent, r.State, r.Reason = agent, telephony.State(state), telephony.EndReason(reason)
	r.Created, r.Answered, r.Ended = time.UnixMicro(created), instant(answered), instant(ended)
	r.Prepared, r.Dialled, r.FollowUp = instant(prepared), instant(dialled), followUp != 0
	r.Foreign = foreign != 0
	return r, err
}

func instant(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return time.UnixMicro(us.Int64)
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// text makes a column's value of a string from outside: valid UTF-8 without a
// zero byte, which is all that every engine takes. Keys are treated alike where
// they are kept and where they are looked for.
func text[S ~string](s S) string {
	for i := range len(s) {
		if s[i] == 0 || s[i] >= utf8.RuneSelf {
			return strings.ReplaceAll(strings.ToValidUTF8(string(s), "\uFFFD"), "\x00", "\uFFFD")
		}
	}
	return string(s)
}

func (db *DB) write(ctx context.Context, what string, do func(Tx) error) error {
	return named(what, db.engine.Write(ctx, do))
}

func (db *DB) read(ctx context.Context, what string, do func(Tx) error) error {
	return named(what, db.engine.Read(ctx, do))
}

func named(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("storage: %s: %w", what, err)
}
