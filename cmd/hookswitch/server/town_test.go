package server_test

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// asGateway makes this very binary a gateway behind a carrier of its parent's:
// its settings come from its environment.
const asGateway = "SERVER_TEST_GATEWAY"

// asPitched gives its agents voices that are told apart: see [pitched].
const asPitched = "SERVER_TEST_PITCHED"

// gateway runs until it is told to stop, or killed.
func gateway() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM)
	load := converses
	if os.Getenv(asPitched) != "" {
		load = pitchedSpeech
	}
	if os.Getenv(asBabble) != "" {
		load = babbleSpeech
	}
	l, err := config.Load(config.Input{Environ: os.Environ()})
	if err == nil {
		var s *server.Server
		if s, err = server.Build(context.Background(), server.Options{Config: l.Config, Load: load, PrepareWait: 300 * time.Millisecond}); err == nil {
			_, err = s.RunUntil(context.Background(), signals)
		}
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(3)
	}
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
	env     []string // further settings of its gateways
}

// townNumber is answered by the town's agent.
const townNumber = "+14155550142"

// newTown builds one. The agent is a receptionist, or who, with the receiver's
// address; answer is the receiver's, as of [receives].
func newTown(t *testing.T, knobs sim.Knobs, answer func(n int, w http.ResponseWriter, r *http.Request), who ...func(url string) roster.Definition) *town {
	t.Helper()
	return newTownAt(t, "sqlite://"+filepath.Join(t.TempDir(), "hookswitch.db"), knobs, answer, who...)
}

// newTownAt builds one with its database at url.
func newTownAt(t *testing.T, url string, knobs sim.Knobs, answer func(n int, w http.ResponseWriter, r *http.Request), who ...func(url string) roster.Definition) *town {
	t.Helper()
	w := &town{t: t, dir: t.TempDir(), url: url, token: rand.Text(), told: receives(t, answer)}
	var err error
	if w.db, err = server.OpenStore(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if knobs.CPS == 0 {
		knobs.CPS = -1 // unless the line before the calls is what is tested
	}
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

// secrets is the file of the keys that the town and its gateways share.
func (w *town) secrets() string { return filepath.Join(w.dir, "secret.key") }

// settle makes an agent that answers the town's number: of d, which tells of its
// calls if it has no webhook.
func (w *town) settle(d roster.Definition) {
	w.t.Helper()
	ring, _, err := server.OpenKeyring(config.Config{DatabaseURL: w.url, SecretFile: w.secrets()})
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
		"HOOKSWITCH_BOOTSTRAP_KEY=" + flowKey, "HOOKSWITCH_SECRET_FILE=" + w.secrets(),
	}
	cmd.Env = append(cmd.Env, w.env...)
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

func (w *town) record(call *sim.Call) storage.Call {
	w.t.Helper()
	r, err := w.db.CallByCarrier(context.Background(), call.SID())
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}
