package twilio

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// reply is what a webhook is answered with.
type reply struct {
	status int
	body   []byte // TwiML; nil for a bare status
}

func xmlReply(body []byte) reply { return reply{http.StatusOK, body} }
func textReply(status int) reply { return reply{status, nil} }
func (a reply) write(w http.ResponseWriter) {
	if a.body == nil {
		http.Error(w, http.StatusText(a.status), a.status)
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(a.status)
	w.Write(a.body)
}

// repeatHeader names a request; its repetition has the same.
const repeatHeader = "I-Twilio-Idempotency-Token"

// reply answers r by make, or as it answered the same request before.
func (t *Trunk) reply(w http.ResponseWriter, r request, make func() (a reply, keep bool)) {
	token := r.Header.Get(repeatHeader)
	if token == "" {
		a, _ := make()
		a.write(w)
		return
	}
	a, repeated, err := t.answers.do(r.Context(), keyOf(r, token), digestOf(r.form), make)
	switch {
	case errors.Is(err, errReused):
		t.refuse(w, r.Request, refusal{status: http.StatusConflict, reason: ReasonTokenReused})
		return
	case err != nil:
		textReply(http.StatusServiceUnavailable).write(w)
		return
	case repeated:
		t.c.Count(ReasonRepeated)
	}
	a.write(w)
}

type digest [sha256.Size]byte

// keyOf names a request. The account is part of it because the signature does
// not cover the token: no account is to spoil the requests of another.
func keyOf(r request, token string) digest {
	return digestOf(url.Values{"account": {r.account}, "token": {token}, "address": {r.RequestURI}})
}

// digestOf stands for a form, however it was written. It leaves out what Twilio
// adds when it asks the fallback address, which may be this very one: the
// question is still the same.
func digestOf(form url.Values) digest {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if name == "ErrorCode" || name == "ErrorUrl" {
			continue
		}
		for _, value := range form[name] {
			io.WriteString(h, url.QueryEscape(name)+"="+url.QueryEscape(value)+"&")
		}
	}
	return digest(h.Sum(nil))
}

// errReused means that another request had the same token.
var errReused = errors.New("twilio: the idempotency token is of another request")

// Bounds of what is remembered. Twilio repeats a request within seconds.
const (
	maxAnswers = 1024
	keepAnswer = 10 * time.Minute
)

// answers remembers what webhooks were answered, so that a repeated request
// gets the same answer, also while the first is still being made.
type answers struct {
	mu    sync.Mutex
	known map[digest]*remembered
	order []*remembered // oldest first
}

type remembered struct {
	key    digest
	body   digest // what was asked
	at     time.Time
	done   chan struct{} // closed when answer is there
	answer reply
	keep   bool // answer may be given again
}

func newAnswers() *answers { return &answers{known: map[digest]*remembered{}} }

// do returns the answer known under key, or makes it. An answer that make does
// not want kept is made anew for each who asks. While it is known, or being
// made, another body under the same key fails with errReused.
func (a *answers) do(ctx context.Context, key, body digest, make func() (reply, bool)) (answer reply, repeated bool, err error) {
	for {
		m, mine := a.claim(key, body, time.Now())
		if m.body != body {
			return reply{}, false, errReused
		}
		if mine {
			defer a.settle(m)
			m.answer, m.keep = make()
			return m.answer, false, nil
		}
		select {
		case <-m.done:
			if m.keep {
				return m.answer, true, nil
			}
		case <-ctx.Done():
			return reply{}, false, ctx.Err()
		}
	}
}

// claim returns what is remembered under key; mine if the caller is to make it.
func (a *answers) claim(key, body digest, now time.Time) (m *remembered, mine bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.order) > 0 && (len(a.order) >= maxAnswers || now.Sub(a.order[0].at) > keepAnswer) {
		a.forget(a.order[0])
		a.order = a.order[1:]
	}
	if m, ok := a.known[key]; ok {
		return m, false
	}
	m = &remembered{key: key, body: body, at: now, done: make(chan struct{})}
	a.known[key] = m
	a.order = append(a.order, m)
	return m, true
}

// settle ends the making of m, also when it panicked.
func (a *answers) settle(m *remembered) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !m.keep {
		a.forget(m)
	}
	close(m.done)
}

// forget takes m out of the map, unless its key was claimed anew.
func (a *answers) forget(m *remembered) {
	if a.known[m.key] == m {
		delete(a.known, m.key)
	}
}
