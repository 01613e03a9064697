package storage

import (
	"context"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// insertLines keeps what was said in entries as lines that can be searched, in
// the transaction that keeps the entries themselves.
func insertLines(ctx context.Context, tx Tx, id telephony.CallID, entries []agentcore.Entry) error {
	for _, e := range entries {
		l, ok := lineOf(e.Event)
		if !ok {
			continue
		}
		_, err := tx.Exec(ctx, `INSERT INTO transcript_lines (call_id, n, turn, speaker, said, unheard, gap_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			text(id), e.N, l.turn, l.speaker, text(l.said), text(l.unheard), l.gap)
		if err != nil {
			return err
		}
	}
	return nil
}

type line struct {
	turn          int
	speaker       string
	said, unheard string
	gap           int64
}

// lineOf is the line that an event adds to the transcript, if it adds one. Its
// words stand one space apart: the search counts them by their spaces.
func lineOf(e agentcore.Event) (line, bool) {
	switch ev := e.(type) {
	case agentcore.CallerSaid:
		return line{turn: ev.Turn, speaker: "caller", said: spaced(ev.Text)}, true
	case agentcore.AgentSaid:
		if ev.Text == "" && ev.Unheard == "" {
			return line{}, false
		}
		return line{ev.Turn, "agent", spaced(ev.Text), spaced(ev.Unheard), ev.GapMS}, true
	}
	return line{}, false
}

func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }
