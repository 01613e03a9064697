package sim

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// whatsApp stands before the numbers of that channel.
const whatsApp = "whatsapp:"

// outboundReply is the direction of what a document, or the carrier itself,
// answers to a text.
const outboundReply = "outbound-reply"

// Message is one text, to a phone or from one. Its methods may be called from any
// goroutine.
type Message struct {
	asker // of its webhooks

	from, to  string // with the channel's prefix
	body      string
	direction string
	callback  string // told what becomes of it. Empty: no one is
	fault     TextFault
	done      chan struct{}

	mu      sync.Mutex
	status  string
	code    int // of the failure
	created time.Time
	updated time.Time
	sent    time.Time // zero until then
}

// SID is the carrier's id of the message.
func (m *Message) SID() string { return m.sid }

// From is who wrote it, with the prefix of a channel that is not SMS.
func (m *Message) From() string { return m.from }

// To is for whom it is, in the same form.
func (m *Message) To() string { return m.to }

// Body is its text.
func (m *Message) Body() string { return m.body }

// Inbound reports whether a phone wrote it.
func (m *Message) Inbound() bool { return m.direction == inbound }

// Status is how it is, such as "delivered", and the code of its failure.
func (m *Message) Status() (status string, code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status, m.code
}

// Done is closed when nothing more happens to it, and everybody was told.
func (m *Message) Done() <-chan struct{} { return m.done }

// newMessage enters a message into the books. It must be started.
func (c *Carrier) newMessage(owner *account, direction, from, to, body string) (*Message, error) {
	now := time.Now()
	m := &Message{
		asker: asker{carrier: c, owner: owner, web: c.newWeb(), sid: newSID("SM")},
		from:  from, to: to, body: body, direction: direction,
		status: "queued", created: now, updated: now, done: make(chan struct{}),
	}
	if direction == inbound {
		m.status, m.sent = "received", now
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	c.work.Add(1)
	c.texts.all = append(c.texts.all, m)
	return m, nil
}

// Messages returns every text there ever was, the oldest first.
func (c *Carrier) Messages() []*Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.texts.all)
}

// TextsTo returns what was delivered to a phone, the oldest first.
func (c *Carrier) TextsTo(number string) (got []*Message) {
	for _, m := range c.Messages() {
		if status, _ := m.Status(); m.to == number && status == "delivered" {
			got = append(got, m)
		}
	}
	return got
}

// waitTexts waits until nothing more happens to any text.
func (c *Carrier) waitTexts(ctx context.Context) error {
	for i := 0; ; i++ {
		all := c.Messages() // which an answer may have joined
		if i >= len(all) {
			return nil
		}
		select {
		case <-all[i].done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// start lives the message in a goroutine that is gone when Done is closed.
func (m *Message) start(live func(context.Context)) {
	go func() {
		defer m.carrier.work.Done()
		defer close(m.done)
		live(m.carrier.ctx)
	}()
}

// travel takes a message that was accepted to its phone, or not there. Each state
// is told before the next one comes, unless a knob has it otherwise.
func (m *Message) travel(ctx context.Context) {
	k := m.carrier.knobs
	m.tell("queued")
	last, code := m.outcome()
	sleep(ctx, k.TextDelay)
	if ctx.Err() != nil {
		return
	}
	if last == "failed" { // it never left
		m.become(last, code)
		m.tell(last)
		return
	}
	m.become("sent", 0)
	if !k.TextSwap {
		m.tell("sent")
	}
	sleep(ctx, k.TextDelay)
	if ctx.Err() != nil {
		return
	}
	m.become(last, code)
	m.tell(last)
	if k.TextSwap {
		m.tell("sent")
	}
	if last == "delivered" && m.carrier.cfg.Texted != nil {
		m.carrier.cfg.Texted(m)
	}
}

// outcome is how the message will end.
func (m *Message) outcome() (status string, code int) {
	switch {
	case m.fault.Code != 0:
		return m.fault.Status, m.fault.Code
	case strings.HasPrefix(m.to, whatsApp) && m.direction != outboundReply && !m.carrier.texts.wrote(m.to, m.from, m.carrier.knobs.WhatsAppWindow):
		return "failed", 63016
	}
	return "delivered", 0
}

func (m *Message) become(status string, code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status, m.code, m.updated = status, code, time.Now()
	if status == "sent" {
		m.sent = m.updated
	}
}

// tell tells the callback of a state. Its answer does not matter, but a refusal is
// noted.
func (m *Message) tell(status string) {
	if m.callback == "" || m.carrier.ctx.Err() != nil {
		return
	}
	v := m.names()
	v.Set("MessageStatus", status)
	v.Set("SmsStatus", status)
	if _, code := m.Status(); code != 0 && status != "sent" && status != "queued" {
		v.Set("ErrorCode", strconv.Itoa(code))
	}
	if status == "delivered" || status == "undelivered" {
		v.Set("RawDlrDoneDate", m.carrier.now().Format("0601021504")) // documented; of no zone
	}
	token := uuid()
	for range m.carrier.knobs.textCopies() {
		a, err := m.inquire(m.carrier.ctx, inquiry{method: "POST", address: m.callback, params: v, token: token})
		m.checkAnswer(a, err)
	}
}

// now is what the carrier's clock shows.
func (c *Carrier) now() time.Time { return time.Now().UTC().Add(c.knobs.Skew) }

// textCopies is how often each request about a text is made.
func (k Knobs) textCopies() int {
	if k.TextTwice {
		return 2
	}
	return 1
}
