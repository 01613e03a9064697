package agentcore

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/dtmf"
)

// tones is why a phrase without words is planned: it is the tones of keys. Which
// ones the tool's intent says.
const tones = "keys"

// press plays the keys that a tool wants pressed behind what is being said, and
// waits until they were heard.
func (m *maker) press(u *use) error {
	began := time.Now()
	if err := dtmf.Check(u.result.Press); err != nil {
		u.result, u.failed = failure(err), true
		return nil
	}
	heard, err := m.tones(u.result.Press, tones)
	if err != nil {
		return err
	}
	if err := m.awaitHeard(heard); err != nil {
		return err
	}
	m.keys = true
	u.took += time.Since(began)
	return nil
}

// tones plays keys as a phrase without words. What it returns is closed once they
// were heard.
func (m *maker) tones(keys, why string) (heard <-chan struct{}, err error) {
	player, err := dtmf.Play(keys)
	if err != nil {
		return nil, err
	}
	p, err := m.plan("", why)
	if err != nil {
		return nil, err
	}
	heard = m.u.whenHeard(p.number)
	out := &mouth{m: m, p: p}
	for f := new(media.Frame); player.Next(f); {
		if err := out.Frame(f); err != nil {
			return nil, err
		}
	}
	return heard, m.queue(sound{phrase: p.number})
}

// awaitHeard waits until a phrase that is queued was heard. A carrier that forgets
// its mark is not waited for longer than all of the queue may last.
func (m *maker) awaitHeard(heard <-chan struct{}) error {
	m.stall.Stop()
	defer m.stall.Reset(stallLimit)
	late := time.NewTimer(lasts(queued) + m.c.cfg.Lead + markWait)
	defer late.Stop()
	select {
	case <-heard:
	case <-late.C:
	case <-m.ctx.Done():
		return m.ctx.Err()
	}
	return nil
}

// whenHeard returns a channel that is closed once phrase was heard to its end.
func (u *utterance) whenHeard(phrase int) <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.whole == nil {
		u.whole = map[int]chan struct{}{}
	}
	u.whole[phrase] = make(chan struct{})
	return u.whole[phrase]
}

func (u *utterance) wasHeard(phrase int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if heard := u.whole[phrase]; heard != nil {
		delete(u.whole, phrase)
		close(heard)
	}
}
