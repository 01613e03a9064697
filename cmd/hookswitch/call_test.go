package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/telephony"
)

// ring puts a call on record.
func (g *gateway) ring(id string) telephony.CallID {
	g.t.Helper()
	r := dispatch.Record{
		ID: telephony.CallID(id), Carrier: "CA" + id, From: "+14155550134", To: "+14155550100", Direction: telephony.Inbound,
		Agent: "front-desk", Version: 7, Workspace: roster.Default, Conversation: "conv-" + id, Variables: `{}`,
		State: telephony.Ringing, Created: time.Now().Add(-time.Minute), Epoch: 1,
	}
	if _, _, err := g.db.Create(g.t.Context(), r); err != nil {
		g.t.Fatal(err)
	}
	return r.ID
}

// answer begins the call's sound.
func (g *gateway) answer(id telephony.CallID) {
	g.t.Helper()
	if err := g.db.Admit(g.t.Context(), id, 1, "", time.Now().Add(-40*time.Second)); err != nil {
		g.t.Fatal(err)
	}
}

// write adds to a call's journal.
func (g *gateway) write(id telephony.CallID, events ...agentcore.Event) {
	g.t.Helper()
	r, err := g.db.Call(g.t.Context(), id)
	if err != nil {
		g.t.Fatal(err)
	}
	var entries []agentcore.Entry
	for i, e := range events {
		n := r.Last + i + 1
		at := time.Duration(n) * 3500 * time.Millisecond
		entries = append(entries, agentcore.Entry{N: n, Version: agentcore.JournalVersion, At: at, Wall: r.Created.Add(at), Event: e})
	}
	if err := g.db.Append(g.t.Context(), id, r.Epoch, entries); err != nil {
		g.t.Fatal(err)
	}
	g.hub.Poke(id)
}

// conversation is a call that was interrupted, without its end.
var conversation = []agentcore.Event{
	agentcore.Opened{Epoch: 1, Agent: "front-desk", Direction: telephony.Inbound, Pipeline: "moonshine | script | flite"},
	agentcore.AgentSaid{Reply: 1, Text: "Lakeside Dental, good morning.", Why: "greeting", StartMS: 300, EndMS: 2000},
	agentcore.CallerSaid{Turn: 1, Text: "are you open on \x1b[2Jsaturday", StartMS: 2500, EndMS: 4500},
	agentcore.AgentSaid{Reply: 2, Turn: 1, Text: "We are open from eight to five,", Unheard: "and on Saturday mornings.", Why: "answer", StartMS: 5350, EndMS: 7000, Cut: true,
		GapMS: 850, Parts: &agentcore.Parts{Endpoint: 500, Recognise: 100, Model: 200, Line: 50}},
	agentcore.CallerSaid{Turn: 2, Text: "thanks", StartMS: 6900, EndMS: 7300, TalkedOver: true},
	agentcore.ToolIntent{Key: "k", Turn: 2, Name: "book", Arguments: `{"day":"Tuesday"}`},
	agentcore.ToolResult{Key: "k", Text: "done", TookMS: 2},
	agentcore.CallerPressed{Turn: 3, Digit: "1"},
	agentcore.AgentSaid{Reply: 3, Turn: 3, Text: "Goodbye.", Why: "answer", StartMS: 8900, EndMS: 9500, GapMS: 600, Parts: &agentcore.Parts{Endpoint: 500, Voice: 100}},
}

func (g *gateway) talked(id string) telephony.CallID {
	call := g.ring(id)
	g.answer(call)
	g.write(call, conversation...)
	g.write(call, agentcore.Ended{Reason: telephony.CallerHangup})
	return call
}

func TestCallsAreListedShownAndRead(t *testing.T) {
	g := newGateway(t)
	g.talked("call_7q2faaaaaaaa")
	g.ring("call_8b3gaaaaaaaa")
	golden(t, "call-list-table", g.ok("calls", "list", "-o", "table"))
	golden(t, "call-list-pipe", g.ok("call", "list"))
	golden(t, "call-get-table", g.ok("call", "get", "7q2f", "-o", "table"))
	golden(t, "call-logs", g.ok("call", "logs", "7Q2FAA"))
	golden(t, "call-transcript", g.ok("call", "transcript", "call_7q2faaaaaaaa", "-o", "table"))
	golden(t, "call-transcript-pipe", g.ok("call", "transcript", "7q2f"))
	if out := g.ok("call", "list", `gap>800 said:"SATURDAY"`, "-o", "id"); out != "call_7q2faaaaaaaa\n" {
		t.Errorf("searched: %q", out)
	}
	if out := g.ok("call", "list", "gap>800", "live:true"); out != "" {
		t.Errorf("searched: %q", out)
	}
	g.fails(fault.Wrong, "", []string{"call", "list", "gpa>800"}, "gap", "[api/refused]")
	g.fails(fault.Wrong, "", []string{"call", "get", "zzz9"}, `there is no call "zzz9"`, "[call/not-found]")
	g.ring("call_7q2fbbbbbbbb")
	g.fails(fault.Wrong, "", []string{"call", "get", "7q2f"}, "2 calls have an id that begins", "[call/several]")
	lines := strings.Split(strings.TrimSpace(g.ok("call", "logs", "7q2fa", "-o", "json")), "\n")
	var e agentcore.Entry
	if err := json.Unmarshal([]byte(lines[0]), &e); err != nil || len(lines) != len(conversation)+1 || e.Event.Kind() != "opened" {
		t.Errorf("%d lines, %v, %v", len(lines), e, err)
	}
}

func TestCallsAreFollowedWhileTheyHappen(t *testing.T) {
	g := newGateway(t)
	call := g.ring("call_7q2faaaaaaaa")
	g.answer(call)
	g.write(call, conversation[:3]...)
	got := make(chan string)
	r, w := io.Pipe()
	go func() {
		status := run(t.Context(), streams{in: strings.NewReader(""), out: w, err: io.Discard, width: 100,
			environ: []string{"HOOKSWITCH_SERVER=" + g.url, "HOOKSWITCH_API_KEY=" + g.key}}, []string{"call", "logs", "-f", "7q2f"})
		if status != fault.Held {
			t.Errorf("status %d", status)
		}
		w.Close()
	}()
	go func() {
		for s := bufio.NewScanner(r); s.Scan(); {
			got <- s.Text()
		}
		close(got)
	}()
	var all []string
	next := func(want string) {
		t.Helper()
		select {
		case line := <-got:
			if all = append(all, line); !strings.Contains(line, want) {
				t.Errorf("%q, want %q", line, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%q does not come; so far %q", want, all)
		}
	}
	next("+1 415 555 0134 -> front-desk v7   answered")
	next("Lakeside Dental")
	next("saturday")
	g.write(call, conversation[3:]...)
	next("[not heard: and on Saturday mornings.]")
	next("thanks")
	next(`book(day="Tuesday") -> ok`)
	next("[1]")
	next("Goodbye.")
	g.write(call, agentcore.Ended{Reason: telephony.CallerHangup})
	next("caller_hangup 0:35")
	if line, more := <-got; more {
		t.Errorf("%q after the end", line)
	}
	g.fails(fault.Wrong, "", []string{"call", "logs"}, "logs is either of one call or", "[cli/usage]")
}

const caller = "name: reminder\nvoice_uuid: flite-slt\nasr: {provider: moonshine, model: tiny-en}\nllm: {provider: script, model: demo}\ndynamic_variables: {name: nobody}\nphone_numbers: [+14155550100]\n"

func TestDialPlacesOneCallAndPrintsItsID(t *testing.T) {
	g := newGateway(t)
	g.okIn(caller, "agent", "apply", "-f", "-")
	var dialed []telephony.Outgoing
	g.dial = func(o telephony.Outgoing) error { dialed = append(dialed, o); return nil }
	if out := g.ok("call", "dial", "+1 (415) 555-0177", "--agent", "reminder", "--var", "name=Ada; or so", "--dry-run"); out != "would have reminder v1 call +1 415 555 0177, with name\n" || len(dialed) != 0 {
		t.Errorf("dry run: %q, %v", out, dialed)
	}
	status, out, errs := g.typed("", "call", "dial", "+14155550177", "--agent", "reminder", "--var", "name=Ada; or so", "--idempotency-key", "k1")
	if status != 0 || len(dialed) != 1 || dialed[0].To != "+14155550177" || dialed[0].From != "+14155550100" || out != string(dialed[0].Call)+"\n" || !strings.Contains(errs, "idempotency key k1") {
		t.Errorf("status %d, %+v\n%s%s", status, dialed, out, errs)
	}
	r, err := g.db.Call(t.Context(), dialed[0].Call)
	if err != nil || r.Variables != `{"name":"Ada; or so"}` {
		t.Errorf("%+v, %v", r, err)
	}
	if _, again, errs := g.typed("", "call", "dial", "+14155550177", "--agent", "reminder", "--var", "name=Ada; or so", "--idempotency-key", "k1"); again != out || len(dialed) != 1 || !strings.Contains(errs, "placed earlier") {
		t.Errorf("again: %d calls\n%s%s", len(dialed), again, errs)
	}
	g.fails(fault.Wrong, "", []string{"call", "dial", "+14155550178", "--agent", "reminder", "--idempotency-key", "k1"}, "was used with another request before", "[api/conflict]")
	g.fails(fault.Wrong, "", []string{"call", "dial", "555 0177", "--agent", "reminder"}, "no phone number with its country", "[number/form]")
	g.fails(fault.Wrong, "", []string{"call", "dial", "+14155550177", "--agent", "reminder", "--expect", "bussy"}, "did you mean busy?", "[call/expect]")
	g.dial = func(telephony.Outgoing) error { return errors.New("no route") }
	g.fails(fault.Impossible, "", []string{"call", "dial", "+14155550177", "--agent", "reminder"}, "Failed to dispatch agent", "[api/failed]")
	g.okIn("name: reminder\nenabled: false", "agent", "apply", "-f", "-")
	g.fails(fault.Wrong, "", []string{"call", "dial", "+14155550177", "--agent", "reminder"}, "Agent is disabled")
}

func TestDialWaitsAndJudgesHowTheCallEnded(t *testing.T) {
	for _, tt := range []struct {
		reason telephony.EndReason
		flags  []string
		want   int
	}{
		{telephony.CallerHangup, []string{"--wait"}, fault.Held},
		{telephony.Busy, []string{"--wait"}, fault.CheckFailed},
		{telephony.Busy, []string{"--expect", "busy,no_answer"}, fault.Held},
		{telephony.AgentHangup, []string{"--expect", "answered"}, fault.Held},
		{telephony.AgentHangup, []string{"--expect", "busy"}, fault.CheckFailed},
	} {
		g := newGateway(t)
		g.okIn(caller, "agent", "apply", "-f", "-")
		placed := make(chan telephony.CallID, 1)
		g.dial = func(o telephony.Outgoing) error { placed <- o.Call; return nil }
		go func() {
			id := <-placed
			for r, err := g.db.Call(t.Context(), id); err != nil || r.Carrier == ""; r, err = g.db.Call(t.Context(), id) {
				time.Sleep(5 * time.Millisecond)
			}
			if _, _, err := g.db.End(t.Context(), id, 1, tt.reason, time.Now()); err != nil {
				t.Error(err)
			}
			g.hub.Poke(id)
		}()
		status, out, errs := g.typed("", append([]string{"call", "dial", "+14155550177", "--agent", "reminder"}, tt.flags...)...)
		if status != tt.want || !strings.Contains(out, string(tt.reason)) || !strings.Contains(errs, "ended "+string(tt.reason)) {
			t.Errorf("%s %v: status %d, want %d\n%s%s", tt.reason, tt.flags, status, tt.want, out, errs)
		}
	}
}

func TestDialThatIsCutSaysHowToTryAgain(t *testing.T) {
	c := callDialCmd{}
	err := c.notKnown(&fault.Fault{What: "the gateway did not answer", Code: "api/timeout"}, "k7")
	var b bytes.Buffer
	fault.Write(&b, err, 100)
	if !strings.Contains(b.String(), "--idempotency-key k7") {
		t.Error(b.String())
	}
}

func TestCallsAreHungUp(t *testing.T) {
	g := newGateway(t)
	g.talked("call_7q2faaaaaaaa")
	call := g.ring("call_8b3gaaaaaaaa")
	g.answer(call)
	if out := g.ok("call", "hangup", "8b3g", "--dry-run"); out != "would hang up 8b3gaa (in-progress, connecting)\n" || len(g.hung) != 0 {
		t.Errorf("dry run: %q %v", out, g.hung)
	}
	if out := g.ok("call", "hangup", "7q2f", "8b3g"); out != "7q2faa  The call is over already\n8b3gaa  Hung up\n" || len(g.hung) != 1 {
		t.Errorf("%q %v", out, g.hung)
	}
}

func TestWithoutAKeyOrTheScopeItSaysHowToGetOne(t *testing.T) {
	g := newGateway(t)
	g.key = g.keyFor(roster.CallsRead)
	g.ok("call", "list")
	g.fails(fault.Wrong, "", []string{"agent", "list"}, "lacks the scope agents:read", "hookswitch key create --name NAME --scope agents:read", "[api/scope]")
	g.key = "hsk_wrong"
	g.fails(fault.Wrong, "", []string{"call", "list"}, "does not know this API key", "hookswitch key create", "[api/key]")
	g.key = ""
	status, _, errs := typed(t, []string{"HOOKSWITCH_SERVER=" + g.url}, "call", "list")
	if status != fault.Wrong || !strings.Contains(errs, "[api/no-key]") {
		t.Errorf("status %d: %s", status, errs)
	}
	status, _, errs = typed(t, []string{"HOOKSWITCH_API_KEY=hsk_x"}, "call", "list", "--server", "http://127.0.0.1:1")
	if status != fault.Impossible || !strings.Contains(errs, "is hookswitch serve running there?") {
		t.Errorf("status %d: %s", status, errs)
	}
	for _, args := range [][]string{{"call", "list", "--api-key", "sesame", "--nope"}, {"number", "add", "--auth-token=sesame", "--nope"}} {
		if status, _, errs := typed(t, nil, args...); status != fault.Wrong || strings.Contains(errs, "sesame") {
			t.Errorf("%v: status %d:\n%s", args, status, errs)
		}
	}
}

func TestACallTellsWhomItWasHandedTo(t *testing.T) {
	g := newGateway(t)
	call := g.ring("call_7q2faaaaaaaa")
	g.answer(call)
	if err := g.db.SetAnswerer(t.Context(), call, "human"); err != nil {
		t.Fatal(err)
	}
	if _, err := g.db.Progress(t.Context(), call, telephony.InProgress, 1, 200, time.Now()); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Minute)
	for i, x := range []dispatch.Transfer{
		{Label: "sales\x1b[2J", Kind: dispatch.Warm, Outcome: dispatch.OutcomeNoAnswer, Reason: "nobody answered", Ended: at.Add(25 * time.Second)},
		{Label: "the desk", Kind: dispatch.Blind, Outcome: dispatch.OutcomeCompleted, Bridged: at.Add(6 * time.Second), Ended: at.Add(70 * time.Second)},
	} {
		x.ID, x.Call, x.Key, x.Workspace = telephony.CallID("xfer_"+x.Kind), call, x.Kind, roster.Default
		x.Status, x.Created = dispatch.TransferOver, at.Add(time.Duration(i)*time.Millisecond)
		if _, _, err := g.db.CreateTransfer(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := g.db.End(t.Context(), call, 1, telephony.Transferred, time.Now()); err != nil {
		t.Fatal(err)
	}
	out := g.ok("call", "get", "7q2f", "-o", "table")
	for _, want := range []string{
		"state     transferred\n", "sip       200\n", "answerer  human\n",
		"(warm): no_answer after 0:25; nobody answered\n", "transfer  the desk (blind): completed after 0:05, talked 1:04\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("call get does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("a label clears the screen: %q", out)
	}
	if out := g.ok("call", "list", "end:transferred", "-o", "id"); out != string(call)+"\n" {
		t.Errorf("searched: %q", out)
	}
}
