package agentcore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// JournalVersion is the version of the entries that this build writes. It reads
// every version up to this one.
const JournalVersion = 1

// Entry is one line of a call's journal: everything that happened, in order.
// Its numbers start at 1 and have no gaps: who resumes a stream of entries
// counts on it.
type Entry struct {
	N       int
	Version int
	At      time.Duration // since the call was answered, by the monotonic clock
	Wall    time.Time
	Sync    bool // must be committed before it takes effect
	Event   Event
}

// Journal keeps the entries of one call.
type Journal interface {
	// Append commits entries, in order, before it returns. It is called by one
	// goroutine at a time.
	Append(ctx context.Context, entries ...Entry) error
}

// wire is an Entry as it is kept and shown: one JSON object, times in
// milliseconds, the event's own fields beside the common ones.
type wire struct {
	N       int       `json:"n"`
	Version int       `json:"v"`
	AtMS    int64     `json:"at_ms"`
	Wall    time.Time `json:"wall"`
	Kind    string    `json:"kind"`
	Sync    bool      `json:"sync,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (e Entry) MarshalJSON() ([]byte, error) {
	if e.Event == nil {
		return nil, fmt.Errorf("agentcore: entry %d has no event", e.N)
	}
	head, err := json.Marshal(wire{e.N, e.Version, e.At.Milliseconds(), e.Wall.UTC(), e.Event.Kind(), e.Sync})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(e.Event)
	if err != nil {
		return nil, err
	}
	if string(body) == "{}" {
		return head, nil
	}
	return append(append(head[:len(head)-1], ','), body[1:]...), nil
}

// UnmarshalJSON implements [json.Unmarshaler]. Kinds that this build doesn't
// know become an [Unknown].
func (e *Entry) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	ev := newEvent(w.Kind)
	if err := json.Unmarshal(b, ev); err != nil {
		return fmt.Errorf("agentcore: entry %d (%s): %w", w.N, w.Kind, err)
	}
	*e = Entry{w.N, w.Version, time.Duration(w.AtMS) * time.Millisecond, w.Wall, w.Sync, ev.value()}
	return nil
}
