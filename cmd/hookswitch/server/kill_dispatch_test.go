package server_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// fromNumber is what the town's agent calls from, calledNumber whom it calls.
const (
	fromNumber   = "+14155550143"
	calledNumber = "+14155550177"
)

// calls gives the town's agent a number to call from, somebody to call, and a
// key to whoever asks for it.
func (w *town) calls(public string, c *caller) (key string) {
	w.t.Helper()
	ctx, now := w.t.Context(), time.Now()
	n, err := w.db.CreateNumber(ctx, roster.Number{
		Workspace: roster.Default, Number: fromNumber, Label: "x", Outbound: true, Provider: "twilio", Status: roster.NumberActive,
	}, "test", now)
	if err == nil {
		_, err = w.db.LinkNumber(ctx, roster.Default, n.ID, "uuid-of-front-desk", "test", now)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	key = roster.NewSecret()
	if err := w.db.CreateKey(ctx, roster.Key{
		ID: "key_test", Workspace: roster.Default, Name: "test", Prefix: roster.PrefixOf(key), Hash: roster.HashKey(key),
		Scopes: []roster.Scope{roster.Admin}, Created: now,
	}, "test"); err != nil {
		w.t.Fatal(err)
	}
	if err := w.carrier.Own(sim.Number{Number: fromNumber, VoiceURL: public + "/twilio/voice"}); err != nil {
		w.t.Fatal(err)
	}
	w.carrier.Register(calledNumber, sim.Phone{
		Answer: handset.Answer{After: 5 * time.Second}, Make: func() handset.Handset { return c },
	})
	return key
}

// asks has the agent call somebody, over the API.
func (w *town) asks(public, key string) (status int, replayed bool, call string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, public+"/api/v2/agents/uuid-of-front-desk/dispatch",
		strings.NewReader(`{"phone_number":"`+calledNumber+`"}`))
	if err != nil {
		return 0, false, "", err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "the same")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, false, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return 0, false, "", err
	}
	var said struct {
		Call string `json:"call_id"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		w.t.Logf("%d: %s", res.StatusCode, body)
	}
	return res.StatusCode, res.Header.Get("Idempotent-Replayed") == "true", said.Call, nil
}

// A gateway is killed when the carrier has placed its call and said so, and
// before it could keep that. Whoever asked for the call asks the next gateway
// again: it places none, and when the callee picks up the call goes on.
func TestKillBetweenTheCarriersAnswerAndTheCommit(t *testing.T) {
	t.Parallel()
	w := newTown(t, sim.Knobs{}, nil)
	public, socket := w.socket()
	c := &caller{}
	key := w.calls(public, c)

	var placed atomic.Int32
	answered, killed := make(chan string, 1), make(chan struct{})
	serve := w.rest.Config.Handler
	w.rest.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/Calls.json") {
			serve.ServeHTTP(out, r)
			return
		}
		placed.Add(1)
		answer := httptest.NewRecorder()
		serve.ServeHTTP(answer, r)
		var call struct {
			SID string `json:"sid"`
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &call); err != nil {
			t.Errorf("the carrier says %d %s", answer.Code, answer.Body)
		}
		answered <- call.SID
		<-killed
		panic(http.ErrAbortHandler)
	})

	first := w.gateway(public, socket)
	go func() {
		// Nobody answers this, ever.
		if status, _, _, err := w.asks(public, key); err == nil {
			t.Errorf("the first request was answered with %d", status)
		}
	}()
	var sid string
	select {
	case sid = <-answered:
	case <-time.After(30 * time.Second):
		t.Fatal("the carrier was never asked")
	}
	w.kill(first)
	close(killed)
	died := time.Now()
	call, ok := w.carrier.Lookup(sid)
	if !ok {
		t.Fatalf("the carrier knows no call %s", sid)
	}

	second := w.gateway(public, socket)
	status, replayed, id, err := w.asks(public, key)
	if err != nil || status != http.StatusOK || !replayed || id == "" {
		t.Errorf("asked again: %d, replayed %t, call %q, %v, want what is on record", status, replayed, id, err)
	}
	within(t, 30*time.Second, "stream", call.Streaming)
	r := w.record(call)
	if string(r.ID) != id || r.Direction != telephony.Outbound || placed.Load() != 1 {
		t.Errorf("record %s %s, %d calls placed, want the one that was asked for (%s)", r.ID, r.Direction, placed.Load(), id)
	}
	w.wrote(call, "greeting", heard("Front Desk."))
	call.Hangup()
	w.delivered(call, died)
	w.closedOnce(call, telephony.CallerHangup)
	if status, replayed, again, err := w.asks(public, key); err != nil || status != http.StatusOK || !replayed || again != id || placed.Load() != 1 {
		t.Errorf("asked once more: %d, replayed %t, call %s, %v, %d placed, want the same", status, replayed, again, err, placed.Load())
	}
	w.stop(second)
}
