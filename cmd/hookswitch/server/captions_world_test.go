package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// What tones mean to who understands them: see [tones]. The agent's hum is never
// to be written down so: its words are known.
const (
	saidCaller = "what does it cost"
	saidCallee = "sales speaking"
	saidHum    = "a voice that hums"
)

var toneWords = []struct {
	hz    float64
	words string
}{{callerHertz, saidCaller}, {calleeHertz, saidCallee}, {humHertz, saidHum}}

// tones is a recogniser to whom each tone is a few words.
type tones struct{}

func (tones) Open(context.Context, asr.Options) (asr.Stream, error) {
	return &toneStream{heard: make([]int, len(toneWords)), results: make(chan asr.Result, 256)}, nil
}

type toneStream struct {
	mu      sync.Mutex
	heard   []int // frames of each tone in this utterance
	closed  bool
	results chan asr.Result
}

func (s *toneStream) Results() <-chan asr.Result { return s.results }

func (s *toneStream) Write(f *media.Frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range toneWords {
		if level([]media.Frame{*f}, t.hz) > 2500 {
			if s.heard[i]++; s.heard[i] == toneLeast {
				s.tell(asr.Result{Text: s.text()})
			}
		}
	}
	return true
}

// toneLeast is how many frames of a tone are words.
const toneLeast = 3

func (s *toneStream) text() string {
	var all []string
	for i, n := range s.heard {
		if n >= toneLeast {
			all = append(all, toneWords[i].words)
		}
	}
	return strings.Join(all, " and ")
}

func (s *toneStream) tell(r asr.Result) {
	if s.closed {
		return
	}
	select {
	case s.results <- r:
	default: // nobody reads
	}
}

func (s *toneStream) Signal(what asr.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if what == asr.Ended {
		s.tell(asr.Result{Text: s.text(), Final: true, Confidence: .9})
		clear(s.heard)
	}
}

func (s *toneStream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.results)
	}
	return nil
}

// loud is a detector to whom everything that is loud is a voice.
type loud struct{}

func (loud) Speech(f *media.Frame) float32 {
	if loudest(f) > 3000 {
		return 1
	}
	return 0
}

func (loud) Close() error { return nil }

// understands speaks with the hum and understands tones.
func understands(context.Context) (*server.Speech, error) {
	return &server.Speech{
		Voice: hum{}, Speaks: "hum", Recognizer: tones{}, Hears: "tones",
		Detector: func() (vad.Detector, error) { return loud{}, nil },
	}, nil
}

// liveCaptions is an agent's file as the shipped one, for a machine that is busy.
const liveCaptions = "load_threshold: 1\nlive_captions: {processing: automatic}\n"

// agentsFolder is one of agents' files: names come before contents.
func agentsFolder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i+1 < len(files); i += 2 {
		writeFile(t, filepath.Join(dir, files[i]), files[i+1])
	}
	return dir
}

// writeFile makes a file in one go, as editors do.
func writeFile(t *testing.T, path, content string) {
	t.Helper()
	next := filepath.Join(filepath.Dir(path), ".next")
	if err := os.WriteFile(next, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}

// newReadOffice is an office whose agents understand tones, and in whose calls
// the agents of dir listen. change may be nil.
func newReadOffice(t *testing.T, dir string, change func(*server.Options)) *office {
	t.Helper()
	o := &office{model: newClerk(t), hook: receives(t, nil), voice: &notes{}}
	opts := privately(t)
	opts.Config.BootstrapKey, opts.Config.AgentsDir = flowKey, dir
	opts.Config.OpenAI.BaseURL = o.model.URL + "/v1"
	opts.Load = func(ctx context.Context) (*server.Speech, error) {
		s, err := understands(ctx)
		s.Voice = o.voice
		return s, err
	}
	if change != nil {
		change(&opts)
	}
	o.booted = boot(t, opts)
	return o
}

// caption is one as the API shows it.
type caption struct {
	N          int
	Agent      string
	Job        string `json:"job_id"`
	Side       string
	Speaker    string
	Text       string
	Confidence float64
	Start      time.Time `json:"started_at"`
	End        time.Time `json:"ended_at"`
}

// captionsIn are the captions on record of a call so far; their numbers have no
// gaps.
func captionsIn(t *testing.T, db *storage.DB, call telephony.CallID) (all []caption) {
	t.Helper()
	list, err := db.Captions().Captions(context.Background(), roster.Default, call, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range list {
		if c.N != i+1 || c.End.Before(c.Start) || c.Text == "" || c.Job == "" {
			t.Errorf("caption %d is %+v", i+1, c)
		}
		all = append(all, caption{c.N, c.Agent, c.Job, string(c.Side), c.Speaker, c.Text, float64(c.Confidence), c.Start, c.End})
	}
	return all
}

// written are the captions of s so far.
func (s *scene) written() []caption {
	s.o.t.Helper()
	return captionsIn(s.o.t, s.o.Store(), s.record().ID)
}

// captionsOf are those of a call as the API shows them.
func (b *booted) captionsOf(call telephony.CallID) []caption {
	b.t.Helper()
	var got struct {
		Items []caption
		Count int
		Next  int `json:"next_after"`
	}
	text := b.must("GET", "/calls/"+string(call)+"/captions", "").text
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		b.t.Fatalf("captions: %v: %s", err, text)
	}
	if got.Count != len(got.Items) || got.Next != len(got.Items) {
		b.t.Errorf("%d captions, count %d, next_after %d", len(got.Items), got.Count, got.Next)
	}
	return got.Items
}

// reads waits until somebody wrote down that side said text, after the first
// from captions, and returns the caption.
func (s *scene) reads(side, text string, from int) (got caption) {
	s.o.t.Helper()
	s.within(20*time.Second, side+" saying "+text, func() bool {
		all := s.written()
		i := slices.IndexFunc(all, func(c caption) bool { return c.N > from && c.Side == side && c.Text == text })
		if i >= 0 {
			got = all[i]
		}
		return i >= 0
	})
	return got
}

// words has p make a tone for most of a second.
func (p *party) words(hz float64) {
	p.hums(hz)
	time.Sleep(800 * time.Millisecond) // of their voice
	p.silent()
}

// sendsAgents is a LiveKit client with a key pair of the gateway's default workspace.
type sendsAgents struct {
	b           *booted
	key, secret string
}

func (b *booted) sendsAgents() sendsAgents {
	b.t.Helper()
	a := b.must("POST", "/livekit/keys", `{"name":"test"}`)
	return sendsAgents{b, a.str("item.api_key"), a.str("item.api_secret")}
}

// ask calls a method of the agent dispatch service about a room.
func (l sendsAgents) ask(method, room string, body map[string]any) answered {
	l.b.t.Helper()
	token, err := grant.Sign(l.key, l.secret, grant.Claims{Video: grant.Video{RoomAdmin: true, Room: room}}, time.Now(), time.Minute)
	if err != nil {
		l.b.t.Fatal(err)
	}
	body["room"] = room
	text, err := json.Marshal(body)
	if err != nil {
		l.b.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(l.b.t.Context(), "POST", l.b.PublicURL()+"/twirp/livekit.AgentDispatchService/"+method, strings.NewReader(string(text)))
	if err != nil {
		l.b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	res, err := client.Do(r)
	if err != nil {
		l.b.t.Fatal(err)
	}
	defer res.Body.Close()
	a := answered{status: res.StatusCode, header: res.Header}
	if err := json.NewDecoder(res.Body).Decode(&a.body); err != nil {
		l.b.t.Fatalf("%s: %d, %v", method, res.StatusCode, err)
	}
	shown, _ := json.Marshal(a.body) // it was decoded from JSON
	a.text = string(shown)
	return a
}

// send sends an agent to a room, and returns the dispatch's id.
func (l sendsAgents) send(room, agent, metadata string) string {
	l.b.t.Helper()
	a := l.ask("CreateDispatch", room, map[string]any{"agent_name": agent, "metadata": metadata})
	if a.status != http.StatusOK {
		l.b.t.Fatalf("a dispatch of %s: %d %s", agent, a.status, a.text)
	}
	return a.str("id")
}

// job is the state of the newest job of a room's dispatch.
func (l sendsAgents) job(room, dispatch string) (status, reason, why string) {
	l.b.t.Helper()
	a := l.ask("ListDispatch", room, map[string]any{"dispatch_id": dispatch})
	jobs, _ := a.at("agent_dispatches.0.state.jobs").([]any)
	if len(jobs) == 0 {
		return "", "", ""
	}
	at := "agent_dispatches.0.state.jobs." + strconv.Itoa(len(jobs)-1) + ".state."
	return a.str(at + "status"), a.str(at + "reason"), a.str(at + "error")
}

// readEvent is a server-sent event.
type readEvent struct{ id, event, data string }

// reader has captions of a call as they are made.
type reader struct {
	mu   sync.Mutex
	got  []readEvent
	over chan struct{}
	stop context.CancelFunc
}

// readsAlong reads the captions of a call that come behind number after.
func (b *booted) readsAlong(call telephony.CallID, after string) *reader {
	b.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, "GET", b.PublicURL()+"/api/v2/calls/"+string(call)+"/captions", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+flowKey)
	r.Header.Set("Accept", "text/event-stream")
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	res, err := (&http.Client{Transport: client.Transport}).Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || got != "text/event-stream" {
		b.t.Fatalf("a stream of captions: %d %s", res.StatusCode, got)
	}
	s := &reader{over: make(chan struct{}), stop: stop}
	go func() {
		defer close(s.over)
		defer res.Body.Close()
		s.read(bufio.NewScanner(res.Body))
	}()
	b.t.Cleanup(s.leave)
	return s
}

func (s *reader) read(lines *bufio.Scanner) {
	var e readEvent
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "data":
			e.data = value
		case "":
			if e.event != "" {
				s.mu.Lock()
				s.got = append(s.got, e)
				s.mu.Unlock()
			}
			e = readEvent{}
		}
	}
}

// leave ends s.
func (s *reader) leave() {
	s.stop()
	<-s.over
}

func (s *reader) all() []readEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// shows reports whether s had such an event that holds text.
func (s *reader) shows(event, side, text string) bool {
	return slices.ContainsFunc(s.all(), func(e readEvent) bool {
		return e.event == event && strings.Contains(e.data, `"side":"`+side+`"`) && strings.Contains(e.data, text)
	})
}
