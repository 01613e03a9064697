package live

import (
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

const (
	mostText  = 32 << 10        // bytes of one utterance that are kept
	mostOwed  = 64              // results that wait, to be made or to be read, before no more audio is sent
	stale     = 2 * time.Second // words that settled so long before somebody spoke are not theirs
	tolerance = 250 * time.Millisecond
)

// ask is one Finalize.
type ask struct {
	id   int
	sent time.Time
	at   time.Duration // audio of the connection before it
}

// owed is an utterance that has ended and has no result yet.
type owed struct {
	ask  int // the Finalize that settles it
	when time.Time
}

// account is what was heard, and what is owed for it. Times are given to it, so
// that it is only a book. It is guarded by its stream.
type account struct {
	provider   string
	finalWait  time.Duration
	unanswered time.Duration

	text   []string // the settled words of the oldest utterance that is open
	length int      // bytes in text
	weight float64  // of confidence, in bytes
	sure   float64
	guess  string    // what may follow text
	words  time.Time // when a word was last heard
	failed error     // a part of it could not be recognised

	asks     []ask // unanswered, the oldest first
	asked    int   // the newest one's id
	answered int
	upto     time.Duration // audio of the connection before the newest that is answered, or given up
	early    bool          // the provider found the end before anybody asked
	owed     []owed

	out  []asr.Result // for who reads the results
	told string       // the latest interim
	over bool         // nothing will be added to out
}

// ask notes a Finalize that goes out now.
func (a *account) ask(now time.Time, at time.Duration) {
	a.asked++
	if a.early && a.guess == "" {
		a.answered = a.asked
	} else {
		a.asks = append(a.asks, ask{a.asked, now, at})
	}
	a.early = false
}

// owe notes that an utterance ended, which the newest ask settles.
func (a *account) owe(when, now time.Time) {
	a.owed = append(a.owed, owed{a.asked, when})
	a.settle(now)
}

// resumed notes that somebody goes on: what the provider found to be over is not.
func (a *account) resumed() { a.early = false }

// began forgets words that nobody said: the detector heard no voice near them.
func (a *account) began(now time.Time) {
	a.early = false
	if len(a.owed) == 0 && now.Sub(a.words) > stale {
		a.forget()
	}
}

func (a *account) forget() {
	a.text, a.length, a.sure, a.weight, a.guess, a.told, a.failed = nil, 0, 0, 0, "", "", nil
}

// hear takes what the provider said.
func (a *account) hear(h Heard, now time.Time) {
	text := strings.TrimSpace(h.Text)
	if text != "" {
		a.words, a.early = now, false
	}
	switch {
	case h.Settled:
		a.guess = ""
		if text != "" && a.length+len(text) <= mostText {
			a.text = append(a.text, text)
			a.length += len(text)
			if h.Confidence > 0 {
				a.sure += float64(h.Confidence) * float64(len(text))
				a.weight += float64(len(text))
			}
		}
	case text != "" && a.length+len(text) <= mostText:
		a.guess = text
	}
	switch {
	case h.Finalized || h.Err != nil:
		a.answer(h, now)
	case h.Settled && len(a.asks) > 0 && a.asks[0].at <= h.Until:
		a.reach(h.Until, now)
	}
	a.interim()
}

// answer notes which Finalize was answered.
func (a *account) answer(h Heard, now time.Time) {
	switch {
	case len(a.asks) == 0:
		a.early = a.early || h.Until == 0 || h.Until > a.upto+tolerance // else it is late
		return
	case h.Err != nil:
		a.failed = h.Err
	}
	if h.Until > 0 {
		a.reach(h.Until+tolerance, now) // or it is late, and its utterance over
		return
	}
	a.cross()
	a.settle(now)
}

// cross crosses out the oldest ask: it is answered, or nobody waits for that any
// more.
func (a *account) cross() {
	a.answered, a.upto = max(a.answered, a.asks[0].id), a.asks[0].at
	a.asks = a.asks[1:]
}

// reach notes that every Finalize up to a place in the audio is answered.
func (a *account) reach(until time.Duration, now time.Time) {
	for len(a.asks) > 0 && a.asks[0].at <= until {
		a.cross()
	}
	a.settle(now)
}

// settle gives the results of all utterances whose words stand. All that was
// heard so far is the first one's.
func (a *account) settle(now time.Time) {
	for len(a.owed) > 0 && a.owed[0].ask <= a.answered {
		a.close(now)
	}
}

// close makes the result of the oldest utterance. A guess at it that nobody has
// read is worth nothing any more.
func (a *account) close(now time.Time) {
	if n := len(a.out); n > 0 && !a.out[n-1].Final {
		a.out = a.out[:n-1]
	}
	r := asr.Result{Final: true, Err: a.failed, Took: max(0, now.Sub(a.owed[0].when))}
	if a.failed == nil {
		r.Text = a.said()
	}
	if r.Text != "" && a.weight > 0 {
		r.Confidence = float32(a.sure / a.weight)
	}
	a.owed = a.owed[1:]
	a.forget()
	a.out = append(a.out, r)
}

func (a *account) said() string {
	if a.guess == "" {
		return strings.Join(a.text, " ")
	}
	return strings.TrimSpace(strings.Join(a.text, " ") + " " + a.guess)
}

// interim tells a new guess. Of several that nobody has read yet only the newest
// is kept.
func (a *account) interim() {
	said := a.said()
	if said == "" || said == a.told {
		return
	}
	a.told = said
	if n := len(a.out); n > 0 && !a.out[n-1].Final {
		a.out = a.out[:n-1]
	}
	a.out = append(a.out, asr.Result{Text: said})
}

// signs is how often to look for a sign of life that is late.
const signs = 50 * time.Millisecond

// due is when expire has something to do next; zero when there is nothing to
// wait for.
func (a *account) due(now, alive time.Time) time.Time {
	if len(a.owed) == 0 {
		return time.Time{}
	}
	sent := a.oldest().sent
	last := sent.Add(a.finalWait)
	if a.unanswered == 0 || a.guess != "" {
		return last
	}
	quiet := latest(sent, a.words).Add(a.unanswered)
	if alive.Before(sent) {
		quiet = latest(quiet, now.Add(signs))
	}
	if quiet.Before(last) {
		return quiet
	}
	return last
}

// oldest is the ask that settles the oldest utterance.
func (a *account) oldest() ask {
	for _, q := range a.asks {
		if q.id >= a.owed[0].ask {
			return q
		}
	}
	return ask{} // it would be answered, and its utterance closed
}

// expire closes the oldest utterance if its time is over; alive is when a sign
// of life last came. It fails when there was none, and no word either.
func (a *account) expire(now, alive time.Time) error {
	if due := a.due(now, alive); due.IsZero() || now.Before(due) {
		return nil
	}
	q := a.oldest()
	if lives := a.unanswered > 0 && !alive.Before(q.sent); !lives && a.said() == "" {
		return provider.New(a.provider, "stream", provider.Timeout, &provider.StallError{Waited: a.finalWait})
	}
	a.answered = max(a.answered, q.id)
	if a.unanswered > 0 { // else its answer will come, and must not be taken for the next one's
		for len(a.asks) > 0 && a.asks[0].id <= q.id {
			a.cross()
		}
	}
	a.settle(now)
	return nil
}

// connected begins with another connection: it knows of no Finalize.
func (a *account) connected() {
	a.answered, a.asks, a.upto, a.early = a.asked, nil, 0, false
	if len(a.owed) == 0 {
		a.guess = ""
	}
}

// fail gives every utterance that is owed err, and those that follow, at least
// one in all.
func (a *account) fail(err error, more int) {
	for range max(1, len(a.owed)+more) {
		a.out = append(a.out, asr.Result{Final: true, Err: err})
	}
	a.owed, a.over = nil, true
}

// full reports whether so much waits that no more should be asked.
func (a *account) full() bool { return len(a.out)+len(a.owed) >= mostOwed }

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
