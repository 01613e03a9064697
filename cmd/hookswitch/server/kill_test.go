package server_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// asGateway makes this very binary a gateway behind a carrier of its parent's:
// its settings come from its environment.
const asGateway = "SERVER_TEST_GATEWAY"

// gateway runs until it is told to stop, or killed.
func gateway() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM)
	l, err := config.Load(config.Input{Environ: os.Environ()})
	if err == nil {
		var s *server.Server
		if s, err = server.Build(context.Background(), server.Options{Config: l.Config, Load: converses, PrepareWait: 300 * time.Millisecond}); err == nil {
			_, err = s.RunUntil(context.Background(), signals)
		}
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(3)
	}
}

// converses speaks with the hum, and understands the same in every noise.
func converses(context.Context) (*server.Speech, error) {
	return &server.Speech{
		Voice: hum{}, Speaks: "hum", Recognizer: single("an appointment on Tuesday at ten, please"), Hears: "one sentence",
		Detector: func() (vad.Detector, error) { return agenttest.Detector{}, nil },
	}, nil
}

// single is a recogniser that hears this sentence whenever somebody has spoken.
type single string

func (s single) Open(context.Context, asr.Options) (asr.Stream, error) {
	return &singleStream{text: string(s), results: make(chan asr.Result, 64)}, nil
}

type singleStream struct {
	text    string
	mu      sync.Mutex
	closed  bool
	results chan asr.Result
}

func (s *singleStream) Write(*media.Frame) bool    { return true }
func (s *singleStream) Results() <-chan asr.Result { return s.results }

func (s *singleStream) Signal(what asr.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if what == asr.Ended && !s.closed {
		s.results <- asr.Result{Text: s.text, Final: true}
	}
}

func (s *singleStream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.results)
	}
	return nil
}

// caller is somebody who does what the test says, when it says so.
type caller struct {
	noisy atomic.Bool
	press atomic.Int32 // a key, once
}

func (c *caller) Tick(_ time.Duration, _, say *media.Frame) handset.Touch {
	if c.noisy.Load() {
		*say = handset.Loud(media.FrameDuration)[0]
	}
	return handset.Touch{Digit: byte(c.press.Swap(0))}
}

// told is a webhook's receiver, and what it was told.
type told struct {
	*httptest.Server
	mu    sync.Mutex
	posts []post
}

type post struct {
	header http.Header
	body   string
}

// receives starts a receiver. answer may be nil: it then takes everything.
func receives(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *told {
	p := &told{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("a webhook's body: %v", err)
		}
		p.mu.Lock()
		p.posts = append(p.posts, post{r.Header, string(body)})
		n := len(p.posts)
		p.mu.Unlock()
		if answer != nil {
			answer(n, w, r)
		}
	}))
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

func (p *told) all() []post {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.posts[:len(p.posts):len(p.posts)]
}

// town is everything around a gateway that gets killed: its carrier, its
// database, and who is told of its calls.
type town struct {
	t       *testing.T
	dir     string // of what gateways keep
	url     string // of the database
	db      *storage.DB
	carrier *sim.Carrier
	rest    *httptest.Server // the carrier's
	asked   atomic.Pointer[func()]
	told    *told
	token   string
}

// townNumber is answered by the town's agent.
const townNumber = "+14155550142"

// newTown builds one. The agent is a receptionist, or who, with the receiver's
// address; answer is the receiver's, as of [receives].
func newTown(t *testing.T, knobs sim.Knobs, answer func(n int, w http.ResponseWriter, r *http.Request), who ...func(url string) roster.Definition) *town {
	t.Helper()
	w := &town{t: t, dir: t.TempDir(), token: rand.Text(), told: receives(t, answer)}
	w.url = "sqlite://" + filepath.Join(w.dir, "hookswitch.db")
	var err error
	if w.db, err = server.OpenStore(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.carrier, err = sim.New(sim.Config{AccountSID: server.SimAccount, AuthToken: w.token, Forget: true, Knobs: knobs}); err != nil {
		t.Fatal(err)
	}
	serve := w.carrier.Handler()
	w.rest = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if look := w.asked.Load(); look != nil && r.Method == http.MethodGet {
			(*look)()
		}
		serve.ServeHTTP(out, r)
	}))
	t.Cleanup(func() {
		if err := w.carrier.Close(); err != nil {
			t.Error(err)
		}
		w.rest.Close()
	})
	d := receptionist("Front Desk")
	for _, other := range who {
		d = other(w.told.URL)
	}
	w.settle(d)
	return w
}

// settle makes an agent that answers the town's number: of d, which tells of its
// calls if it has no webhook.
func (w *town) settle(d roster.Definition) {
	w.t.Helper()
	ring, _, err := server.OpenKeyring(config.Config{DatabaseURL: w.url})
	if err != nil {
		w.t.Fatal(err)
	}
	secret, err := ring.Seal("sixteen bytes or more of it")
	if err != nil {
		w.t.Fatal(err)
	}
	if len(d.Webhooks) == 0 {
		d.Webhooks = []roster.Webhook{{Type: roster.PostCall, Config: roster.WebhookConfig{
			Request: &roster.Request{URL: w.told.URL, Method: "POST", Body: []byte(`{"call":"{{call_id}}","end":"{{end_reason}}"}`)},
			Timeout: 5,
		}}}
	}
	d.Webhooks[0].Config.Secret = secret
	n, err := w.db.CreateNumber(w.t.Context(), roster.Number{
		Workspace: roster.Default, Number: townNumber, Label: "x", Inbound: true, Provider: "twilio", Status: roster.NumberActive,
	}, "test", time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.db.CreateAgent(w.t.Context(), roster.Agent{UUID: "uuid-of-front-desk", Workspace: roster.Default, Definition: d}, n.ID, "test", time.Now()); err != nil {
		w.t.Fatal(err)
	}
}

// socket listens, and has the carrier send the number's calls there.
func (w *town) socket() (public string, socket *os.File) {
	w.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	defer ln.Close()
	if socket, err = ln.(*net.TCPListener).File(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { socket.Close() })
	public = "http://" + ln.Addr().String()
	if err := w.carrier.Own(sim.Number{Number: townNumber, VoiceURL: public + "/twilio/voice", StatusCallback: public + "/twilio/status"}); err != nil {
		w.t.Fatal(err)
	}
	return public, socket
}

// gateway starts one on socket, which the carrier finds at public.
func (w *town) gateway(public string, socket *os.File) *exec.Cmd {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0"`, self)
	cmd.Dir = w.t.TempDir()
	cmd.Env = []string{
		asGateway + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir,
		"HOOKSWITCH_CARRIER=twilio", "HOOKSWITCH_TWILIO_ACCOUNT_SID=" + server.SimAccount, "HOOKSWITCH_TWILIO_AUTH_TOKEN=" + w.token,
		"HOOKSWITCH_TWILIO_API_BASE=" + w.rest.URL, "HOOKSWITCH_PUBLIC_URL=" + public,
		"HOOKSWITCH_DATABASE_URL=" + w.url, "HOOKSWITCH_RECORDINGS=" + filepath.Join(w.dir, "recordings"), "HOOKSWITCH_WEBHOOKS=private",
		"HOOKSWITCH_BOOTSTRAP_KEY=" + flowKey,
	}
	cmd.ExtraFiles = []*os.File{socket}
	cmd.Stderr = w.t.Output()
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

// kill is kill -9.
func (w *town) kill(cmd *exec.Cmd) {
	w.t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		w.t.Fatal(err)
	}
	cmd.Wait()
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
		w.t.Fatalf("the gateway was not killed: %v", cmd.ProcessState)
	}
}

// stop is a SIGTERM, and the wait for the end.
func (w *town) stop(cmd *exec.Cmd) {
	w.t.Helper()
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		w.t.Errorf("after SIGTERM: %v", err)
	}
}

// ring has c call the agent.
func (w *town) ring(c *caller) *sim.Call {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	w.t.Cleanup(cancel)
	call, err := w.carrier.Call(ctx, "+14155550134", townNumber, c)
	if err != nil {
		w.t.Fatal(err)
	}
	return call
}

// within waits at most d until ok holds.
func within(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, d)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (w *town) record(call *sim.Call) storage.Call {
	w.t.Helper()
	r, err := w.db.CallByCarrier(context.Background(), call.SID())
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// journal is what is written of the call that the carrier knows as sid; nothing
// while nobody has taken it.
func journal(t *testing.T, db *storage.DB, sid string) []agentcore.Event {
	t.Helper()
	r, err := db.CallByCarrier(context.Background(), sid)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	entries, err2 := db.Journal(context.Background(), r.ID, 0)
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	var all []agentcore.Event
	for i, e := range entries {
		if e.N != i+1 {
			t.Errorf("entry %d of the journal has number %d", i, e.N)
		}
		all = append(all, e.Event)
	}
	return all
}

// wrote waits until the call's journal has an event that ok likes.
func wrote(t *testing.T, db *storage.DB, call *sim.Call, what string, ok func(agentcore.Event) bool) {
	t.Helper()
	within(t, 30*time.Second, what, func() bool { return slices.ContainsFunc(journal(t, db, call.SID()), ok) })
}

func (w *town) journal(call *sim.Call) []agentcore.Event {
	w.t.Helper()
	return journal(w.t, w.db, call.SID())
}

func (w *town) wrote(call *sim.Call, what string, ok func(agentcore.Event) bool) {
	w.t.Helper()
	wrote(w.t, w.db, call, what, ok)
}

// planned likes a phrase of the agent's that begins so.
func planned(text string) func(agentcore.Event) bool {
	return func(e agentcore.Event) bool {
		p, ok := e.(agentcore.Planned)
		return ok && strings.HasPrefix(p.Text, text)
	}
}

// heard likes a phrase that the caller heard to its end, and that ends so.
func heard(text string) func(agentcore.Event) bool {
	return func(e agentcore.Event) bool {
		h, ok := e.(agentcore.Heard)
		return ok && !h.Cut && strings.HasSuffix(h.Text, text)
	}
}

// talks lets call and agent get to where the agent asks for a key, and c makes
// another noise: the middle of a call.
func (w *town) talks(call *sim.Call, c *caller) {
	w.t.Helper()
	within(w.t, 30*time.Second, "stream", call.Streaming)
	w.wrote(call, "greeting", heard("Front Desk."))
	c.noisy.Store(true)
	time.Sleep(300 * time.Millisecond) // of the caller's speech
	c.noisy.Store(false)
	w.wrote(call, "the agent's question", heard("Press one if that is right."))
	c.noisy.Store(true)
	w.wrote(call, "the caller's next words", func(e agentcore.Event) bool {
		b, ok := e.(agentcore.SpeechBegan)
		return ok && b.StartMS > 1500
	})
}

// closedOnce checks that the call ended for reason, once, as the last thing.
func (w *town) closedOnce(call *sim.Call, reason telephony.EndReason) {
	w.t.Helper()
	r, ends := w.record(call), 0
	all := w.journal(call)
	for _, e := range all {
		if _, ok := e.(agentcore.Ended); ok {
			ends++
		}
	}
	last, ok := all[len(all)-1].(agentcore.Ended)
	if r.Reason != reason || ends != 1 || !ok || last.Reason != reason {
		w.t.Errorf("the record ends for %q, its journal has %d ends and closes with %#v; want one, for %s", r.Reason, ends, all[len(all)-1], reason)
	}
}

// delivered waits until the call's one delivery is, at a minute after from at
// most, and returns it.
func (w *town) delivered(call *sim.Call, from time.Time) webhook.Delivery {
	w.t.Helper()
	var all []webhook.Delivery
	within(w.t, time.Until(from.Add(time.Minute)), "post_call", func() bool {
		var err error
		if all, err = w.db.Deliveries(context.Background(), webhook.Filter{Workspace: roster.Default, Call: w.record(call).ID}); err != nil {
			w.t.Fatal(err)
		}
		return len(all) > 0 && all[0].Status == webhook.Delivered
	})
	if len(all) != 1 {
		w.t.Fatalf("%d deliveries, want one: %+v", len(all), all)
	}
	w.t.Logf("post_call was delivered %v after the kill", time.Since(from).Round(100*time.Millisecond))
	return all[0]
}

// sounds checks that the recording, which the gateway at public gives, is as long
// as the call, and that the agent is heard in it before it was killed and after.
func (w *town) sounds(public string, call *sim.Call, killed time.Time) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, public+"/api/v2/calls/"+string(w.record(call).ID)+"/recording", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+flowKey)
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	sound, err := wav.Read(res.Body)
	if err != nil {
		w.t.Fatalf("the recording: %d, %v", res.StatusCode, err)
	}
	agent, err := sound.Frames(1)
	if err != nil {
		w.t.Fatal(err)
	}
	if d := sound.Duration() - call.Duration(); d.Abs() > time.Second {
		w.t.Errorf("the recording lasts %v, the call %v", sound.Duration(), call.Duration())
	}
	gap := int(killed.Sub(call.Answered()) / media.FrameDuration)
	if gap >= len(agent) {
		w.t.Fatalf("the recording ends after %d frames, the gateway was killed at %d", len(agent), gap)
	}
	begin, _, before := handset.VoicedSpan(agent[:gap])
	_, end, after := handset.VoicedSpan(agent[gap:])
	if !before || !after || begin > 3*time.Second || end < 500*time.Millisecond {
		w.t.Errorf("the agent is heard before the kill: %t, from %v; after it: %t, to %v", before, begin, after, end)
	}
}

// A gateway is killed while a caller talks. The record stays open, the next one
// is asked for the call at the door, and it goes on where it was.
func TestKillInMidCallGoesOn(t *testing.T) {
	t.Parallel()
	w := newTown(t, sim.Knobs{}, nil)
	public, socket := w.socket()
	first := w.gateway(public, socket)
	c := &caller{}
	call := w.ring(c)
	w.talks(call, c)
	w.kill(first)
	killed := time.Now()
	c.noisy.Store(false)

	within(t, 10*time.Second, "the carrier's notice", func() bool { return !call.Streaming() })
	time.Sleep(500 * time.Millisecond) // nobody is there
	if r := w.record(call); r.Over() || r.Epoch != 1 || call.Status() != telephony.InProgress {
		t.Fatalf("with nobody there the record is over: %t, epoch %d, and the call %s", r.Over(), r.Epoch, call.Status())
	}

	second := w.gateway(public, socket)
	within(t, 15*time.Second, "stream", call.Streaming)
	w.wrote(call, "the agent goes on", planned("Sorry, we were cut off."))
	c.press.Store('2') // means something to who knows what was asked before
	w.wrote(call, "an answer from the history", planned("Let us start again."))
	w.wrote(call, "heard out", heard("Which day suits you?"))
	if r := w.record(call); r.Over() || r.Epoch != 2 {
		t.Errorf("the record is over: %t, at epoch %d; want it open at 2", r.Over(), r.Epoch)
	}
	t.Logf("the call went on %v after the kill", time.Since(killed))
	call.Hangup()
	d := w.delivered(call, killed)
	w.closedOnce(call, telephony.CallerHangup)

	var epochs []int
	resumed := false
	for _, e := range w.journal(call) {
		switch e := e.(type) {
		case agentcore.Opened:
			epochs = append(epochs, e.Epoch)
		case agentcore.Planned:
			resumed = resumed || e.Why == "resume"
		}
	}
	if len(epochs) != 2 || epochs[0] != 1 || epochs[1] != 2 || !resumed {
		t.Errorf("opened at epochs %v, resumed: %t; want 1 and 2, and a phrase that says so", epochs, resumed)
	}
	w.sounds(public, call, killed)
	w.stop(second) // delivers what is under way
	posts := w.told.all()
	if len(posts) != 1 || d.Attempts != 1 || posts[0].header.Get("webhook-id") != d.Message {
		t.Errorf("%d post_calls, %d attempts, webhook-id %v; want one, of %s", len(posts), d.Attempts, posts, d.Message)
	}
	if want := `{"call":"` + string(w.record(call).ID) + `","end":"caller_hangup"}`; len(posts) > 0 && posts[0].body != want {
		t.Errorf("post_call tells %s, want %s", posts[0].body, want)
	}
}

// The caller hangs up while nobody is there to be told. The next gateway asks the
// carrier before it closes the record.
func TestKillThenCallerGone(t *testing.T) {
	t.Parallel()
	w := newTown(t, sim.Knobs{ActionDelay: 2 * time.Second}, nil)
	public, socket := w.socket()
	first := w.gateway(public, socket)
	socket.Close() // the port dies with the process
	c := &caller{}
	call := w.ring(c)
	w.talks(call, c)
	w.kill(first)
	killed := time.Now()
	call.Hangup()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := call.Wait(ctx); err != nil { // the callback failed
		t.Fatal(err)
	}
	if r := w.record(call); r.Over() {
		t.Fatal("the record is over: who ended it?")
	}
	var asked, open atomic.Int32
	look := func() {
		asked.Add(1)
		if r, err := w.db.CallByCarrier(context.Background(), call.SID()); err == nil && !r.Over() {
			open.Add(1)
		}
	}
	w.asked.Store(&look)
	second := w.gateway(w.socket())
	d := w.delivered(call, killed)
	w.closedOnce(call, telephony.CallerHangup)
	if open.Load() == 0 {
		t.Errorf("the carrier was asked %d times, none of them before the record was closed", asked.Load())
	}
	w.stop(second)
	if posts := w.told.all(); len(posts) != 1 || posts[0].header.Get("webhook-id") != d.Message {
		t.Errorf("%d post_calls, want one: %v", len(posts), posts)
	}
}

// A gateway is killed when the receiver has the post_call and has not said so:
// it is told again, by the same name.
func TestKillInMidDelivery(t *testing.T) {
	t.Parallel()
	has := make(chan struct{})
	w := newTown(t, sim.Knobs{}, func(n int, _ http.ResponseWriter, r *http.Request) {
		if n == 1 {
			close(has)
			<-r.Context().Done() // its sender dies
		}
	})
	public, socket := w.socket()
	first := w.gateway(public, socket)
	c := &caller{}
	call := w.ring(c)
	w.talks(call, c)
	call.Hangup()
	select {
	case <-has:
	case <-time.After(20 * time.Second):
		t.Fatal("no post_call within 20 s")
	}
	w.kill(first)
	killed := time.Now()
	w.closedOnce(call, telephony.CallerHangup)

	second := w.gateway(public, socket)
	d := w.delivered(call, killed)
	w.stop(second)
	posts := w.told.all()
	if len(posts) != 2 {
		t.Fatalf("%d post_calls, want the one that was cut off and its repeat", len(posts))
	}
	for i, p := range posts {
		if p.header.Get("webhook-id") != d.Message || p.body != posts[0].body {
			t.Errorf("post_call %d: webhook-id %q, %s; want %q and the same as before", i, p.header.Get("webhook-id"), p.body, d.Message)
		}
	}
}

// A gateway is killed when it waits for a pre_call, and the caller hears it ring:
// the next one asks again, by the same name, and greets.
func TestKillWhilePreCallHangs(t *testing.T) {
	t.Parallel()
	w := newTown(t, sim.Knobs{}, func(n int, out http.ResponseWriter, r *http.Request) {
		if n == 1 {
			<-r.Context().Done()
			return
		}
		fmt.Fprint(out, `{"customer":{"name":"Ada"}}`)
	}, asks)
	public, socket := w.socket()
	first := w.gateway(public, socket)
	call := w.ring(&caller{})
	within(t, 30*time.Second, "stream", call.Streaming)
	time.Sleep(300 * time.Millisecond) // of ringing
	if all := w.journal(call); len(all) != 0 || len(w.told.all()) != 1 {
		t.Fatalf("before the webhook has answered %v is in the journal; it was asked %d times", all, len(w.told.all()))
	}
	w.kill(first)
	killed := time.Now()
	second := w.gateway(public, socket)
	w.wrote(call, "the greeting", heard("Hello Ada."))
	t.Logf("greeted %v after the kill", time.Since(killed).Round(100*time.Millisecond))
	call.Hangup()
	within(t, 20*time.Second, "the end", func() bool { return w.record(call).Over() })
	w.closedOnce(call, telephony.CallerHangup)
	if got := spoke(w.journal(call)); len(got) != 1 || w.record(call).Variables != `{"who":"Ada"}` {
		t.Errorf("the agent said %q, variables %s", got, w.record(call).Variables)
	}
	w.stop(second)
	posts := w.told.all()
	if len(posts) != 2 || posts[0].header.Get("webhook-id") != posts[1].header.Get("webhook-id") || posts[0].body != posts[1].body {
		t.Errorf("asked %d times, not twice the same: %v", len(posts), posts)
	}
}
