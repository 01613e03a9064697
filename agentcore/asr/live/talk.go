package live

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/ws"
	"github.com/hookswitch/hookswitch/media"
)

// burst is how much audio Limits.Pace lets through at once.
const burst = time.Second

// talk sends what the call says, until the connection breaks, the stream is
// closed, or it is time for another connection.
func (n *session) talk() error {
	late := time.NewTimer(time.Until(n.born.Add(n.cfg.Patience.First)))
	defer late.Stop()
	select {
	case <-n.ready:
	case <-n.broken:
		return n.why
	case <-late.C:
		return provider.New(n.cfg.Provider, "connect", provider.Timeout, &provider.StallError{Waited: n.cfg.Patience.First, First: true})
	case <-n.net.Done():
		return context.Cause(n.net)
	}
	idle := time.NewTimer(n.cfg.Limits.Idle)
	defer idle.Stop()
	for {
		did, err := n.step()
		switch {
		case err != nil:
			return err
		case did:
			idle.Reset(n.cfg.Limits.Idle)
		case n.old():
			return errRenew
		}
		ready := n.send
		var paced <-chan time.Time
		if wait := n.hold(); wait > 0 {
			ready, paced = nil, time.After(wait)
		} else if did {
			wake(n.send) // there may be more
		}
		select {
		case <-ready:
		case <-paced:
			wake(n.send)
		case <-idle.C:
			if err := n.keepAlive(); err != nil {
				return err
			}
			idle.Reset(n.cfg.Limits.Idle)
		case <-n.broken:
			return n.why
		case <-n.net.Done():
			return context.Cause(n.net)
		}
	}
}

// step sends what is due, if anything is: some frames, or what a signal asks for.
func (n *session) step() (did bool, err error) {
	n.mu.Lock()
	if n.account.over || n.account.full() {
		n.mu.Unlock()
		return false, nil
	}
	got, m, ok := n.backlog.next(n.frames[:n.cfg.lump()])
	if !ok {
		n.mu.Unlock()
		return false, nil
	}
	if got == 0 {
		messages := n.obey(m)
		n.mu.Unlock()
		wake(n.tell)
		return true, n.ask(messages)
	}
	n.mu.Unlock()
	for least := int(n.cfg.Limits.Least / media.FrameDuration); got < least; got++ {
		n.frames[got] = media.Frame{}
	}
	return true, n.sing(n.frames[:got])
}

// obey does what a signal means, and returns what is to be sent for it. The lock
// is held.
func (n *session) obey(m mark) []Message {
	now := time.Now()
	switch m.signal {
	case asr.Began:
		n.speaks, n.finalized = true, false
		n.account.began(now)
	case asr.Resumed:
		n.speaks, n.finalized = true, false
		n.account.resumed()
	case asr.Paused:
		if n.cfg.Limits.Eager {
			return n.finalize(now)
		}
	case asr.Ended:
		messages := n.finalize(now)
		for range m.times {
			n.account.owe(m.when, now)
		}
		n.speaks = false
		return messages
	}
	return nil
}

// finalize asks for the words so far, unless the question is out already or
// there is nothing to ask about.
func (n *session) finalize(now time.Time) []Message {
	if n.finalized || n.sent == n.settled {
		return nil
	}
	n.finalized, n.settled = true, n.sent
	n.account.ask(now, n.sent)
	return n.proto.Finalize()
}

// ask sends a Finalize, and asks for a sign of life where no answer is no proof
// of death.
func (n *session) ask(messages []Message) error {
	if err := n.write(messages); err != nil || len(messages) == 0 || n.cfg.Limits.Unanswered <= 0 {
		return err
	}
	return n.conn.Ping()
}

// sing sends frames.
func (n *session) sing(frames []media.Frame) error {
	n.sound = n.sound[:0]
	for i := range frames {
		n.sound = n.encoder.Encode(n.sound, &frames[i])
	}
	n.mu.Lock()
	m := n.proto.Audio(n.message[:0], n.sound)
	n.mu.Unlock()
	n.message = m.Data[:0]
	d := time.Duration(len(frames)) * media.FrameDuration
	n.ahead, n.last = n.lead()+d, time.Now()
	n.sent += d
	return n.write([]Message{m})
}

// lead is how far the audio that was sent is ahead of what Limits.Pace allows.
func (n *session) lead() time.Duration {
	return max(0, n.ahead-time.Duration(n.cfg.Limits.Pace*float64(time.Since(n.last))))
}

// hold is how long to wait before more audio is sent.
func (n *session) hold() time.Duration {
	if n.cfg.Limits.Pace <= 0 || n.last.IsZero() {
		return 0
	}
	return time.Duration(float64(max(0, n.lead()-burst)) / n.cfg.Limits.Pace)
}

// keepAlive tells the provider that the call goes on.
func (n *session) keepAlive() error {
	n.mu.Lock()
	messages := n.proto.KeepAlive()
	n.mu.Unlock()
	if messages != nil {
		return n.write(messages)
	}
	clear(n.frames)
	return n.sing(n.frames)
}

// old reports whether the connection should be replaced now: it nears its end,
// and nobody speaks nor waits for words.
func (n *session) old() bool {
	if n.cfg.Limits.Longest <= 0 || n.speaks || time.Since(n.born) < n.cfg.Limits.Longest*9/10 {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.backlog.empty(len(n.frames)) && len(n.account.owed) == 0
}

func (n *session) write(messages []Message) error {
	for _, m := range messages {
		kind := ws.Text
		if m.Binary {
			kind = ws.Binary
		}
		if err := n.conn.Write(kind, m.Data); err != nil {
			return err
		}
	}
	return nil
}
