package rest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/telephony"
)

// serve listens for real, with the short deadlines that a server has for
// requests.
func (o *office) serve(limit time.Duration) *httptest.Server {
	o.t.Helper()
	s := httptest.NewUnstartedServer(o.h)
	s.Config.ReadTimeout, s.Config.WriteTimeout = limit, limit
	s.Start()
	o.t.Cleanup(s.Close)
	return s
}

// sent is one server-sent event as a client sees it.
type sent struct {
	id   int64
	kind string
	data string
}

// events takes the whole events out of what came of a stream.
func events(t *testing.T, text string) []sent {
	t.Helper()
	var all []sent
	for {
		block, rest, whole := strings.Cut(text, "\n\n")
		if !whole {
			return all
		}
		text = rest
		var e sent
		for line := range strings.SplitSeq(block, "\n") {
			switch name, value, _ := strings.Cut(line, ": "); name {
			case "id":
				e.id, _ = strconv.ParseInt(value, 10, 64)
			case "event":
				e.kind = value
			case "data":
				e.data = value
			}
		}
		if e.id > 0 {
			all = append(all, e)
		}
	}
}

// follow opens a stream behind after, and reads bytes of it, all if bytes is 0,
// or what comes within half a second.
func follow(t *testing.T, base, path, key string, after int64, byHeader bool, bytes int) (text string, whole bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address := base + path
	if after >= 0 && !byHeader {
		address += fmt.Sprintf("?after=%d", after)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Accept", "text/event-stream")
	if after >= 0 && byHeader {
		r.Header.Set("Last-Event-ID", strconv.FormatInt(after, 10))
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNoContent {
		return "", true
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		b, _ := io.ReadAll(res.Body)
		t.Fatalf("GET %s = %d %s", path, res.StatusCode, b)
	}
	in := io.Reader(res.Body)
	if bytes > 0 {
		in = io.LimitReader(res.Body, int64(bytes))
	}
	defer time.AfterFunc(500*time.Millisecond, cancel).Stop()
	b, err := io.ReadAll(in)
	if err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	return string(b), len(b) < bytes || bytes == 0
}

// cut reads a stream that is cut at 50 random places, and then to where enough
// says that it is all.
func cut(t *testing.T, base, path, key string, enough func([]sent) bool) []sent {
	rnd := rand.New(rand.NewPCG(20261122, 50))
	var got []sent
	after, cuts := int64(0), 0
	for ; !enough(got); cuts++ {
		bytes := 1 + rnd.IntN(900)
		if cuts > 50 {
			bytes = 4000
		}
		text, _ := follow(t, base, path, key, after, rnd.IntN(2) == 0, bytes)
		for _, e := range events(t, text) {
			got, after = append(got, e), e.id
		}
		if cuts > 5000 {
			t.Fatal("the stream does not get on")
		}
	}
	if cuts <= 50 {
		t.Errorf("the stream was cut at %d places only", cuts)
	}
	return got
}

func TestStreamOfACallIsResumedWhereverItIsCut(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1")
	base := o.serve(10 * time.Second).URL
	const last = 300
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for n := 1; n < last; n += 3 {
			o.write(call, said(n), said(n+1), said(n+2))
			time.Sleep(time.Millisecond)
		}
		o.write(call, agentcore.Ended{Reason: telephony.CallerHangup})
	})
	got := cut(t, base, "/api/v2/calls/call_1/events", o.ours, func(all []sent) bool {
		return len(all) > 0 && all[len(all)-1].kind == "ended"
	})
	if len(got) != last+1 {
		t.Errorf("%d events came, want %d", len(got), last+1)
	}
	for i, e := range got {
		var entry struct {
			N    int64  `json:"n"`
			Kind string `json:"kind"`
		}
		if err := json.Unmarshal([]byte(e.data), &entry); err != nil || e.id != int64(i+1) || entry.N != e.id || entry.Kind != e.kind {
			t.Fatalf("place %d has event %d: %s, %v", i+1, e.id, e.data, err)
		}
	}
	if text, _ := follow(t, base, "/api/v2/calls/call_1/events", o.ours, last+1, true, 0); text != "" {
		t.Errorf("behind the end there is %q", text)
	}
	if all, _ := follow(t, base, "/api/v2/calls/call_1/events", o.ours, -1, true, 0); len(events(t, all)) != last+1 {
		t.Errorf("the whole stream has %d events, want %d", len(events(t, all)), last+1)
	}
}

func said(n int) agentcore.Event { return agentcore.CallerSaid{Turn: n, Text: fmt.Sprint("word ", n)} }

func TestStreamOfTheWorkspaceIsResumedWhereverItIsCut(t *testing.T) {
	o := staff(t)
	base := o.serve(10 * time.Second).URL
	const calls, each = 3, 100
	var wg sync.WaitGroup
	defer wg.Wait()
	for i := range calls {
		call := o.ring(fmt.Sprint("call_", i))
		wg.Go(func() {
			for n := 1; n <= each; n++ {
				o.write(call, said(n))
				time.Sleep(time.Millisecond)
			}
		})
	}
	got := cut(t, base, "/api/v2/events", o.ours, func(all []sent) bool { return len(all) >= calls*each })
	at := map[string]int{}
	for i, e := range got {
		var entry struct {
			Call string `json:"call_id"`
			Seq  int64  `json:"seq"`
			N    int    `json:"n"`
		}
		if err := json.Unmarshal([]byte(e.data), &entry); err != nil {
			t.Fatal(err)
		}
		if at[entry.Call]++; e.id != int64(i+1) || entry.Seq != e.id || entry.N != at[entry.Call] {
			t.Fatalf("place %d has event %d, entry %d of %s, want its entry %d", i+1, e.id, entry.N, entry.Call, at[entry.Call])
		}
	}
	if len(got) != calls*each {
		t.Errorf("%d events came, want %d", len(got), calls*each)
	}
}

// tail is a stream that is read line by line.
func (o *office) tail(base, path string) (lines *bufio.Reader, stop func()) {
	o.t.Helper()
	ctx, cancel := context.WithCancel(o.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+o.ours)
	r.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		o.t.Fatalf("GET %s = %d", path, res.StatusCode)
	}
	return bufio.NewReader(res.Body), func() { cancel(); res.Body.Close() }
}

// next is the next line that is an event's name.
func next(t *testing.T, lines *bufio.Reader) string {
	t.Helper()
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended: %v", err)
		}
		if kind, ok := strings.CutPrefix(line, "event: "); ok {
			return strings.TrimSpace(kind)
		}
	}
}

func TestStreamOutlivesTheServersDeadlines(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1")
	const limit = time.Second
	lines, stop := o.tail(o.serve(limit).URL, "/api/v2/calls/call_1/events")
	defer stop()
	for range 3 {
		time.Sleep(limit)
		o.write(call, said(1))
		if kind := next(t, lines); kind != "caller_said" {
			t.Errorf("event %q", kind)
		}
	}
}

func TestWorkspaceStreamBeginsNow(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1")
	o.write(call, said(1), said(2))
	if _, err := o.db.Sequence(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	base := o.serve(10 * time.Second).URL
	lines, stop := o.tail(base, "/api/v2/events")
	defer stop()
	o.write(call, agentcore.Ended{Reason: telephony.CallerHangup})
	if kind := next(t, lines); kind != "ended" {
		t.Errorf("the first event is %q, want the one that came after the beginning", kind)
	}
	again, stopAgain := o.tail(base, "/api/v2/events?after=0")
	defer stopAgain()
	if kind := next(t, again); kind != "caller_said" {
		t.Errorf("after 0 the first event is %q, want the oldest", kind)
	}
}

// TestEntriesOfAnotherNodeComeToo: nobody here is told of them.
func TestEntriesOfAnotherNodeComeToo(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1")
	base := o.serve(10 * time.Second).URL
	ofCall, stop := o.tail(base, "/api/v2/calls/call_1/events")
	defer stop()
	ofAll, stopAll := o.tail(base, "/api/v2/events")
	defer stopAll()
	time.Sleep(300 * time.Millisecond) // their first look is done
	e := agentcore.Entry{N: 1, Version: 1, Wall: time.Now(), Event: said(1)}
	if err := o.db.Append(t.Context(), call, 1, []agentcore.Entry{e}); err != nil {
		t.Fatal(err)
	}
	if a, b := next(t, ofCall), next(t, ofAll); a != "caller_said" || b != a {
		t.Errorf("events %q and %q", a, b)
	}
}

func TestStreamsOfAKeyAreBounded(t *testing.T) {
	o := staff(t, func(c *rest.Config) { c.Calls.Limits = v2.StreamLimit{PerKey: 2} })
	o.ring("call_1")
	base := o.serve(10 * time.Second).URL
	_, stop := o.tail(base, "/api/v2/events")
	_, stopToo := o.tail(base, "/api/v2/calls/call_1/events")
	defer stopToo()
	r := request("GET", "/api/v2/events", o.ours, "")
	r.Header.Set("Accept", "text/event-stream")
	a := o.send(r)
	a.errors(`{"base":["This API key has 2 streams of events open. Close one first."]}`)
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	stop()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // a stream that is given up at once
		r := request("GET", "/api/v2/events", o.ours, "").WithContext(ctx)
		r.Header.Set("Accept", "text/event-stream")
		if w := httptest.NewRecorder(); !time.Now().After(deadline) {
			o.h.ServeHTTP(w, r)
			if w.Code != http.StatusTooManyRequests {
				break
			}
			continue
		}
		t.Fatal("the place of a stream that was closed is not free again")
	}
}

func TestWhoDoesNotReadIsLeft(t *testing.T) {
	o := staff(t, func(c *rest.Config) {
		c.Calls.Limits = v2.StreamLimit{PerKey: 1, Patience: 100 * time.Millisecond}
	})
	call := o.ring("call_1")
	long := strings.Repeat("blah ", 4000)
	for n := range 400 { // 8 MB: more than the kernel keeps for a reader
		o.write(call, agentcore.CallerSaid{Turn: n + 1, Text: long})
	}
	s := o.serve(time.Minute)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /api/v2/calls/call_1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n\r\n", o.ours)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r := request("GET", "/api/v2/calls/call_1/events?after=399", o.ours, "")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		r = r.WithContext(ctx)
		r.Header.Set("Accept", "text/event-stream")
		w := httptest.NewRecorder()
		o.h.ServeHTTP(w, r)
		cancel()
		if w.Code == http.StatusOK && time.Until(deadline) < 19*time.Second {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the stream that nobody reads still has its place: %d", w.Code)
		}
	}
}

func TestEventsAreListed(t *testing.T) {
	o := staff(t)
	o.talked("call_1")
	a := o.ok("GET", "/api/v2/calls/call_1/events?after=1&limit=2", "")
	a.wants("count", `2`)
	a.wants("next_after", `3`)
	a.wants("items.0.kind", `"caller_said"`)
	a.wants("items.1.unheard", `"until noon."`)
	if _, err := o.db.Sequence(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	all := o.ok("GET", "/api/v2/events?limit=4", "")
	all.wants("count", `4`)
	all.wants("items.0.call_id", `"call_1"`)
	all.wants("items.3.seq", `4`)
	o.ok("GET", "/api/v2/events?after=4", "").wants("count", `2`)
	for _, after := range []string{"-1", "x", "99999999999999999999"} {
		o.fails(400, "GET", "/api/v2/events?after="+after, "")
	}
}
