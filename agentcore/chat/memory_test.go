package chat_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/chat"
)

// memory is a [chat.Store] of maps, as the interface's comments want it. Each
// method goes through tx: one transaction, which a test may have die before or
// after it.
type memory struct {
	tx func(name string, f func() error) error

	mu       sync.Mutex
	chats    map[string]*row
	order    []string // of chats
	messages map[string]*chat.Message
	ids      []string // of messages, oldest first
	past     []chat.Past
	asked    int // for the past
	jobs     []*job
}

// row is a chat with what belongs to it alone.
type row struct {
	chat.Chat
	busy    time.Time
	journal []string // entries as JSON: what can't be kept is found out
	seq     int
}

// job is due at a time. running is one that is being done.
type job struct {
	kind, id string
	at       time.Time
	running  bool
	failures int
}

func newMemory(tx func(string, func() error) error) *memory {
	return &memory{tx: tx, chats: map[string]*row{}, messages: map[string]*chat.Message{}}
}

func (s *memory) do(name string, f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tx(name, f)
}

func (s *memory) enqueue(kind, id string, at time.Time) {
	s.jobs = append(s.jobs, &job{kind: kind, id: id, at: at})
}

func (s *memory) chat(id string) (*row, error) {
	if c := s.chats[id]; c != nil {
		return c, nil
	}
	return nil, chat.ErrNotFound
}

func (s *memory) openWith(channel, contact string) *row {
	for _, c := range s.chats {
		if c.Channel == channel && c.Contact == contact && c.Status == chat.Open {
			return c
		}
	}
	return nil
}

func (s *memory) OpenChat(_ context.Context, c chat.Chat, begin bool) (on chat.Chat, created bool, err error) {
	err = s.do("OpenChat", func() error {
		if there := s.chats[c.ID]; there != nil {
			on = there.Chat
			return nil
		}
		if there := s.openWith(c.Channel, c.Contact); there != nil {
			on = there.Chat
			return nil
		}
		s.chats[c.ID] = &row{Chat: c}
		s.order = append(s.order, c.ID)
		if begin {
			s.enqueue(chat.JobTurn, c.ID, c.Created)
		}
		on, created = c, true
		return nil
	})
	return on, created, err
}

func (s *memory) Chat(_ context.Context, _, id string) (c chat.Chat, err error) {
	err = s.do("Chat", func() error {
		r, err := s.chat(id)
		if err == nil {
			c = r.Chat
		}
		return err
	})
	return c, err
}

func (s *memory) OpenChatWith(_ context.Context, channel, contact string) (c chat.Chat, err error) {
	err = s.do("OpenChatWith", func() error {
		r := s.openWith(channel, contact)
		if r == nil {
			return chat.ErrNotFound
		}
		c = r.Chat
		return nil
	})
	return c, err
}

func (s *memory) Chats(_ context.Context, workspace string, f chat.Filter, _ string, limit int) (all []chat.Chat, next string, err error) {
	err = s.do("Chats", func() error {
		for _, id := range slices.Backward(s.order) {
			c := s.chats[id].Chat
			if c.Workspace == workspace && c.Channel == f.Channel && c.Contact == f.Contact && len(all) < limit {
				all = append(all, c)
			}
		}
		return nil
	})
	return all, "", err
}

func (s *memory) CloseChat(_ context.Context, _, id, reason string, now time.Time) (c chat.Chat, err error) {
	err = s.do("CloseChat", func() error {
		r, err := s.chat(id)
		if err != nil {
			return err
		}
		if r.Status == chat.Open {
			r.Status, r.Reason, r.Ended, r.Updated = chat.Closed, reason, now, now
			for _, m := range s.messages {
				if m.Chat == id && m.Status == chat.Received {
					m.Status, m.Error = chat.Dropped, "closed"
				}
			}
		}
		c = r.Chat
		return nil
	})
	return c, err
}

func (s *memory) waiting(id string) (all []chat.Message) {
	for _, m := range s.ids {
		if m := s.messages[m]; m.Chat == id && m.Status == chat.Received {
			all = append(all, *m)
		}
	}
	return all
}

func (s *memory) add(r *row, m chat.Message) *chat.Message {
	r.seq++
	m.Seq = r.seq
	s.messages[m.ID] = &m
	s.ids = append(s.ids, m.ID)
	return &m
}

func (s *memory) Receive(_ context.Context, m chat.Message, most int) (on chat.Message, isNew bool, err error) {
	err = s.do("Receive", func() error {
		for _, there := range s.messages {
			if there.ID == m.ID || m.Carrier != "" && there.Chat == m.Chat && there.Carrier == m.Carrier {
				on = *there
				return nil
			}
		}
		r, err := s.chat(m.Chat)
		if err != nil {
			return err
		}
		if m.Status == chat.Received && r.Status == chat.Closed {
			return chat.ErrClosed
		}
		if m.Status == chat.Received && len(s.waiting(m.Chat)) >= most {
			m.Status, m.Error = chat.Dropped, "too_many"
		}
		r.Updated = m.Created
		on, isNew = *s.add(r, m), true
		if m.Status == chat.Received && !slices.ContainsFunc(s.jobs, func(j *job) bool {
			return j.kind == chat.JobTurn && j.id == m.Chat && !j.running && !j.at.After(m.Created.Add(10*time.Second))
		}) {
			s.enqueue(chat.JobTurn, m.Chat, m.Created)
		}
		return nil
	})
	return on, isNew, err
}

func (s *memory) Waiting(_ context.Context, id string) (n int, oldest, newest time.Time, err error) {
	err = s.do("Waiting", func() error {
		all := s.waiting(id)
		if n = len(all); n > 0 {
			oldest, newest = all[0].Created, all[n-1].Created
		}
		return nil
	})
	return n, oldest, newest, err
}

func (s *memory) TakeTurn(_ context.Context, id string, now, until time.Time) (c chat.Chat, all []chat.Message, err error) {
	err = s.do("TakeTurn", func() error {
		r, err := s.chat(id)
		switch {
		case err != nil:
			return err
		case r.Status == chat.Closed:
			return chat.ErrClosed
		case r.busy.After(now):
			return chat.ErrBusy
		}
		r.Epoch++
		r.busy = until
		c, all = r.Chat, s.waiting(id)
		return nil
	})
	return c, all, err
}

// note is what Note, LetGo and EndTurn have in common.
func (s *memory) note(c chat.Chat, entries []agentcore.Entry) (*row, error) {
	r, err := s.chat(c.ID)
	switch {
	case err != nil:
		return nil, err
	case r.Epoch != c.Epoch:
		return nil, chat.ErrEpoch
	case r.Status == chat.Closed:
		return nil, chat.ErrClosed
	}
	var lines []string
	for i, e := range entries {
		if e.N != len(r.journal)+1+i {
			panic("the journal has a gap")
		}
		b, err := json.Marshal(e)
		if err != nil {
			panic(err)
		}
		lines = append(lines, string(b))
	}
	r.journal = append(r.journal, lines...)
	r.Last, r.Variables = len(r.journal), c.Variables
	return r, nil
}

func (s *memory) Note(_ context.Context, c chat.Chat, entries []agentcore.Entry) error {
	return s.do("Note", func() error {
		_, err := s.note(c, entries)
		return err
	})
}

func (s *memory) LetGo(_ context.Context, c chat.Chat, entries []agentcore.Entry) error {
	return s.do("LetGo", func() error {
		r, err := s.note(c, entries)
		if err == nil {
			r.busy = time.Time{}
		}
		return err
	})
}

func (s *memory) EndTurn(_ context.Context, c chat.Chat, read []chat.Message, entries []agentcore.Entry, answers []chat.Message, now time.Time) error {
	return s.do("EndTurn", func() error {
		r, err := s.note(c, entries)
		if err != nil {
			return err
		}
		for _, m := range read {
			s.messages[m.ID].Status = chat.Answered
		}
		for _, m := range answers {
			s.add(r, m)
			s.enqueue(chat.JobSend, m.ID, now)
		}
		r.busy, r.Updated = time.Time{}, now
		if len(s.waiting(c.ID)) > 0 {
			s.enqueue(chat.JobTurn, c.ID, now)
		} else if c.Status == chat.Closed {
			r.Status, r.Reason, r.Ended = chat.Closed, c.Reason, now
		}
		return nil
	})
}

func (s *memory) CloseIdle(_ context.Context, since time.Time, limit int, now time.Time) (n int, err error) {
	err = s.do("CloseIdle", func() error {
		for _, id := range s.order {
			r := s.chats[id]
			if n < limit && r.Status == chat.Open && r.Updated.Before(since) && len(s.waiting(id)) == 0 {
				r.Status, r.Reason, r.Ended = chat.Closed, "idle", now
				n++
			}
		}
		return nil
	})
	return n, err
}

func (s *memory) ChatJournal(_ context.Context, id string, after int) (all []agentcore.Entry, err error) {
	err = s.do("ChatJournal", func() error {
		r, err := s.chat(id)
		if err != nil {
			return err
		}
		for _, line := range r.journal[after:] {
			var e agentcore.Entry
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				return err
			}
			all = append(all, e)
		}
		return nil
	})
	return all, err
}

func (s *memory) Message(_ context.Context, id string) (m chat.Message, err error) {
	err = s.do("Message", func() error {
		there := s.messages[id]
		if there == nil {
			return chat.ErrNotFound
		}
		m = *there
		return nil
	})
	return m, err
}

func (s *memory) Messages(_ context.Context, id string, after, limit int) (all []chat.Message, err error) {
	err = s.do("Messages", func() error {
		for _, m := range s.ids {
			if m := s.messages[m]; m.Chat == id && m.Seq > after && len(all) < limit {
				all = append(all, *m)
			}
		}
		return nil
	})
	return all, err
}

func (s *memory) SendMessage(_ context.Context, m chat.Message) (on chat.Message, err error) {
	err = s.do("SendMessage", func() error {
		if there := s.messages[m.ID]; there != nil {
			on = *there
			return nil
		}
		r, err := s.chat(m.Chat)
		if err != nil {
			return err
		}
		on = *s.add(r, m)
		s.enqueue(chat.JobSend, m.ID, m.Created)
		return nil
	})
	return on, err
}

func (s *memory) BeginSend(_ context.Context, id string, now time.Time) (m chat.Message, again bool, err error) {
	err = s.do("BeginSend", func() error {
		there := s.messages[id]
		switch {
		case there == nil:
			return chat.ErrNotFound
		case there.Status == chat.Queued:
			there.Status, there.Sending, there.Updated = chat.Sending, now, now
		default:
			again = there.Status == chat.Sending
		}
		m = *there
		return nil
	})
	return m, again, err
}

var rank = map[string]int{chat.Queued: 1, chat.Sending: 2, chat.Sent: 3, chat.Delivered: 4, chat.Undelivered: 4, chat.Failed: 4}

func (s *memory) SetMessage(_ context.Context, id, carrier, status, code string, now time.Time) error {
	return s.do("SetMessage", func() error {
		m := s.messages[id]
		for _, there := range s.messages {
			if id == "" && there.Carrier == carrier {
				m = there
			}
		}
		if m == nil {
			return chat.ErrNotFound
		}
		if carrier != "" {
			m.Carrier = carrier
		}
		if rank[status] > rank[m.Status] {
			m.Status, m.Error, m.Updated = status, code, now
		}
		return nil
	})
}

func (s *memory) PastWith(_ context.Context, _, _ string, before time.Time, limit int) (all []chat.Past, err error) {
	err = s.do("PastWith", func() error {
		s.asked++
		for _, p := range s.past {
			if p.At.Before(before) {
				all = append(all, p)
			}
		}
		all = all[max(0, len(all)-limit):]
		return nil
	})
	return all, err
}
