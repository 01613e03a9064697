package rest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// captioned lets an office have captions.
func captioned(cfg *rest.Config) { cfg.Calls.Captions = cfg.Roster.(*storage.DB).Captions() }

// caption writes down what somebody said on a call.
func (o *office) caption(call telephony.CallID, texts ...string) {
	o.t.Helper()
	var all []captions.Caption
	for _, text := range texts {
		all = append(all, captions.Caption{Job: "AJ_1", Agent: "live-captions", Side: captions.Caller, Text: text, Confidence: 0.931, Start: o.now, End: o.now.Add(time.Second)})
	}
	if _, err := o.db.Captions().Append(o.t.Context(), call, all); err != nil {
		o.t.Fatal(err)
	}
	o.hub.Poke(call)
}

// over ends a call some time ago.
func (o *office) over(call telephony.CallID, ago time.Duration) {
	o.t.Helper()
	if _, _, err := o.db.End(o.t.Context(), call, 1, telephony.CallerHangup, time.Now().Add(-ago)); err != nil {
		o.t.Fatal(err)
	}
	o.hub.Poke(call)
}

func TestCaptionsAreListed(t *testing.T) {
	o := staff(t, captioned)
	call := o.ring("call_1")
	const path = "/api/v2/calls/call_1/captions"
	none := o.ok("GET", path, "")
	none.wants("items", `[]`)
	none.wants("complete", `false`)
	o.caption(call, "are you open", "on saturday")
	list := o.ok("GET", path, "")
	list.wants("count", `2`)
	list.wants("next_after", `2`)
	first, err := json.Marshal(list.at("items").([]any)[0])
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"agent":"live-captions","confidence":0.931,"ended_at":"2025-01-27T10:00:01.000Z","job_id":"AJ_1","n":1,"side":"caller","speaker":null,"started_at":"2025-01-27T10:00:00.000Z","text":"are you open"}`
	if string(first) != want {
		t.Errorf("the first is %s, want %s", first, want)
	}
	o.ok("GET", path+"?after=1&limit=1", "").wants("count", `1`)
	o.ok("GET", path+"?after=18446744073709551", "").wants("items", `[]`)
	o.fails(400, "GET", path+"?after=x", "")
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.captions_count", `2`)
	o.over(call, time.Hour)
	o.ok("GET", path, "").wants("complete", `true`)
	o.ok("GET", path+"?limit=1", "").wants("complete", `false`)
}

func TestCaptionsOfOthersAreNotThere(t *testing.T) {
	o := staff(t, captioned)
	o.caption(o.ring("call_1"), "a secret")
	for path, status := range map[string]int{"/api/v2/calls/call_1/captions": 404, "/api/v2/calls/call_none/captions": 404} {
		if a := o.as(o.theirs, "GET", path, ""); a.status != status || strings.Contains(a.text, "secret") {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
	if a := o.as(o.key("default", "agents:read"), "GET", "/api/v2/calls/call_1/captions", ""); a.status != 403 {
		t.Errorf("without calls:read: %d", a.status)
	}
}

func TestStreamOfCaptionsIsResumedWhereverItIsCut(t *testing.T) {
	o := staff(t, captioned)
	call := o.ring("call_1")
	base := o.serve(10 * time.Second).URL
	const last = 200
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for n := 1; n <= last; n += 2 {
			o.caption(call, fmt.Sprint("word ", n), fmt.Sprint("word ", n+1))
			o.hub.Interim(captions.Interim{Call: call, Side: captions.Agent, Text: "we"})
			time.Sleep(time.Millisecond)
		}
	})
	got := cut(t, base, "/api/v2/calls/call_1/captions", o.ours, func(all []sent) bool { return len(all) >= last })
	for i, e := range got {
		if e.id != int64(i+1) || e.kind != "caption" || !strings.Contains(e.data, fmt.Sprintf(`"text":"word %d"`, i+1)) {
			t.Fatalf("place %d has %+v", i+1, e)
		}
	}
	o.over(call, time.Minute)
	if text, _ := follow(t, base, "/api/v2/calls/call_1/captions", o.ours, last, true, 0); text != "" {
		t.Errorf("behind the end there is %q, want 204", text)
	}
	if all, _ := follow(t, base, "/api/v2/calls/call_1/captions", o.ours, 0, true, 0); len(events(t, all)) != last {
		t.Errorf("the whole stream has %d captions, want %d", len(events(t, all)), last)
	}
}

// The stream is read as it comes: an interim caption, the caption that replaces
// it, and the end.
func TestInterimCaptionsHaveNoNumber(t *testing.T) {
	o := staff(t, captioned)
	call, other := o.ring("call_1"), o.ring("call_2")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, o.serve(10*time.Second).URL+"/api/v2/calls/call_1/captions", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+o.ours)
	r.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	next := func() (block []string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == "" {
				return block
			}
			block = append(block, lines.Text())
		}
		return block
	}
	next() // the stream is open, and follows
	o.hub.Interim(captions.Interim{Call: other, Side: captions.Caller, Text: "of another call"})
	o.hub.Interim(captions.Interim{Call: call, Job: "AJ_1", Side: captions.Caller, Text: "are you", Start: o.now})
	want := []string{"event: interim", `data: {"job_id":"AJ_1","side":"caller","text":"are you","started_at":"2025-01-27T10:00:00.000Z"}`}
	if got := next(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("came %q, want %q", got, want)
	}
	o.caption(call, "are you open")
	if got := next(); len(got) != 3 || got[0] != "id: 1" || got[1] != "event: caption" {
		t.Errorf("came %q, want the caption", got)
	}
	o.over(call, time.Minute)
	if got := next(); len(got) != 0 || lines.Err() != nil {
		t.Errorf("came %q, %v, want the end", got, lines.Err())
	}
}

func TestACallCarriesTheRoomThatWasChosen(t *testing.T) {
	o := staff(t)
	agent := o.ready()
	a := o.wish(agent, "", `{"phone_number":"+14155550177","room":" support "}`)
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.text)
	}
	o.ring("call_2")
	o.ok("GET", "/api/v2/calls/call_2", "").wants("item.room", `"call_2"`)
	for body, want := range map[string]string{
		`{"room":7}`: `{"room":["must be a string"]}`,
		`{"room":"` + strings.Repeat("é", 129) + `"}`: `{"room":["is longer than 256 bytes"]}`,
		`{"room":"a\u0000b"}`:                         `{"room":["has a character that no name has"]}`,
		`{"room":"a","phone_number":"+14155550177","smart_callback":{"enabled":true}}`: `{"room":["can't be chosen for a call that is scheduled: its room is called as its call_id"]}`,
	} {
		a := o.wish(agent, "", body)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text, want[1:len(want)-1]) {
			t.Errorf("%.60s: %d %s, want %s", body, a.status, a.text, want)
		}
	}
}
