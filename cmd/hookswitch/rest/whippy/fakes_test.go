package whippy_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// diary is a clerk with its book: it keeps what is to be done, and does nothing.
// Its clock is the test's.
type diary struct {
	mu  sync.Mutex
	now func() time.Time
	all []agenda.Errand // oldest first
	err error           // what Book says instead
}

func (d *diary) Book(_ context.Context, e agenda.Errand) (agenda.Errand, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return agenda.Errand{}, false, d.err
	}
	for _, on := range d.all {
		if e.IdemKey != "" && on.Workspace == e.Workspace && on.IdemKey == e.IdemKey {
			return on, true, nil
		}
	}
	e.ID = fmt.Sprintf("%s_%d", e.Kind, len(d.all)+1)
	e.Status, e.Due, e.Created, e.Updated = agenda.Ready, d.now(), d.now(), d.now()
	if e.Asked.After(d.now()) {
		e.Status, e.Due = agenda.Scheduled, e.Asked
	}
	d.all = append(d.all, e)
	return e, false, nil
}

func (d *diary) Cancel(ctx context.Context, workspace, id string) (agenda.Errand, error) {
	e, err := d.Errand(ctx, workspace, id)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err != nil:
		return e, err
	case e.Status == agenda.Done, e.Status == agenda.Failed:
		return e, agenda.ErrOver
	}
	e.Status, e.Code, e.Ended = agenda.Cancelled, agenda.CodeCancelled, d.now()
	d.all[slices.IndexFunc(d.all, func(o agenda.Errand) bool { return o.ID == id })] = e
	return e, nil
}

// set makes an errand what do says.
func (d *diary) set(id string, do func(*agenda.Errand)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do(&d.all[slices.IndexFunc(d.all, func(o agenda.Errand) bool { return o.ID == id })])
}

func (d *diary) Errand(_ context.Context, workspace, id string) (agenda.Errand, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.all {
		if e.Workspace == workspace && e.ID == id {
			return e, nil
		}
	}
	return agenda.Errand{}, agenda.ErrNotFound
}

func (d *diary) ErrandByKey(_ context.Context, workspace, key string, _ time.Time) (agenda.Errand, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.all {
		if e.Workspace == workspace && e.IdemKey == key && key != "" {
			return e, nil
		}
	}
	return agenda.Errand{}, agenda.ErrNotFound
}

func (d *diary) filter(workspace string, f agenda.Filter) []agenda.Errand {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []agenda.Errand
	for _, e := range slices.Backward(d.all) {
		if e.Workspace == workspace && like(f.Kind, e.Kind) && like(f.AgentUUID, e.AgentUUID) && like(f.To, e.To) &&
			(f.Statuses == nil || slices.Contains(f.Statuses, e.Status)) {
			out = append(out, e)
		}
	}
	return out
}

func like(want, is string) bool { return want == "" || want == is }

// Errands gives at most 3 a page, for the walk over pages to be one.
func (d *diary) Errands(_ context.Context, workspace string, f agenda.Filter, cursor string, limit int) ([]agenda.Errand, string, error) {
	return pageOf(d.filter(workspace, f), cursor, min(limit, 3))
}

func pageOf[E any](all []E, cursor string, limit int) ([]E, string, error) {
	from, err := strconv.Atoi(cmp.Or(cursor, "0"))
	to := min(from+limit, len(all))
	next := ""
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[from:to], next, err
}

func (d *diary) CountErrands(_ context.Context, workspace string, f agenda.Filter) (int, error) {
	return len(d.filter(workspace, f)), nil
}

// desk has chats and their messages.
type desk struct {
	chats    []chat.Chat
	messages []chat.Message
}

func (d *desk) Chat(_ context.Context, workspace, id string) (chat.Chat, error) {
	for _, c := range d.chats {
		if c.Workspace == workspace && c.ID == id {
			return c, nil
		}
	}
	return chat.Chat{}, chat.ErrNotFound
}

func (d *desk) Chats(_ context.Context, workspace string, f chat.Filter, cursor string, limit int) ([]chat.Chat, string, error) {
	var all []chat.Chat
	for _, c := range slices.Backward(d.chats) {
		if c.Workspace == workspace && like(f.Status, c.Status) && like(f.Contact, c.Contact) && like(f.Channel, c.Channel) && like(f.AgentUUID, c.AgentUUID) {
			all = append(all, c)
		}
	}
	return pageOf(all, cursor, limit)
}

func (d *desk) OpenChatWith(_ context.Context, channel, contact string) (chat.Chat, error) {
	for _, c := range d.chats {
		if c.Channel == channel && c.Contact == contact && c.Status == chat.Open {
			return c, nil
		}
	}
	return chat.Chat{}, chat.ErrNotFound
}

func (d *desk) CloseChat(ctx context.Context, workspace, id, reason string, now time.Time) (chat.Chat, error) {
	c, err := d.Chat(ctx, workspace, id)
	if err == nil && c.Status == chat.Open {
		c.Status, c.Reason, c.Ended = chat.Closed, reason, now
		d.chats[slices.IndexFunc(d.chats, func(o chat.Chat) bool { return o.ID == id })] = c
	}
	return c, err
}

func (d *desk) Messages(_ context.Context, id string, after, limit int) ([]chat.Message, error) {
	var out []chat.Message
	for _, m := range d.messages {
		if m.Chat == id && m.Seq > after && len(out) < limit {
			out = append(out, m)
		}
	}
	return out, nil
}

// planner looks at a clock minute by minute, and at nothing else but a number
// that nobody may call.
type planner struct{}

func (planner) When(_ context.Context, p dialplan.Ask, from time.Time) (time.Time, error) {
	if p.To == premium {
		return from, &dialplan.Refusal{Code: dialplan.PremiumRate, Why: "Premium-rate numbers are never called."}
	}
	if p.Hours == nil {
		return from, nil
	}
	zone, err := time.LoadLocation(p.Hours.Zone)
	if err != nil {
		return from, err
	}
	for at := from; at.Before(from.AddDate(0, 1, 0)); at = at.Truncate(time.Minute).Add(time.Minute) {
		day, clock := weekday(at.In(zone)), at.In(zone).Format("15:04")
		if slices.ContainsFunc(p.Hours.Windows, func(w dialplan.Window) bool {
			return slices.Contains(w.Days, day) && w.From <= clock && clock < w.To
		}) {
			return at, nil
		}
	}
	return from, errors.New("planner: the hours never open")
}

const premium = "+19005550100"

func weekday(t time.Time) string {
	return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}[t.Weekday()]
}

// shelf is a small catalog.
type shelf struct{}

func (shelf) ASR(context.Context, string) []roster.Capability {
	return []roster.Capability{{Provider: "deepgram", Model: "nova-2", Why: "it has no key"}, {Provider: "moonshine", Model: "tiny-en", Available: true}}
}

func (shelf) LLM(context.Context, string) []roster.Capability {
	return []roster.Capability{{Provider: "openai", Model: "gpt-4o", Available: true}, {Provider: "openai", Model: "gpt-keyless", Why: "it has no key"}}
}

func (shelf) Voices(context.Context, string) (roster.Voices, error) {
	return roster.Voices{List: []roster.Voice{{UUID: "flite:slt", Name: "Slt", Provider: "flite", Language: "en-US"}}}, nil
}
