package demometrics

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// Numbers of the agents, and of whoever they call.
const (
	deskNumber  = "+14155550142" // uses a tool, hands callers on, tells a webhook that takes everything
	flakyNumber = "+14155550143" // its model is unavailable, its webhook fails
	goneNumber  = "+14155550144" // its webhook has gone
	nobody      = "+14155550145" // leads to no agent
	salesPhone  = "+14155550160"
	personPhone = "+141555502" // and two digits: nobody is called often
	machine     = "+141555503"
	busyPhone   = "+141555504"
)

// phones is how many telephones there are of each of the last three.
const phones = 20

// town is a gateway in a process of its own, the carrier on whose other side
// callers are, and the neighbours.
type town struct {
	o       Options
	dir     string // of what nobody needs afterwards
	token   string // the carrier's
	key     string // of the gateway's API; it lives as long as the gateway
	carrier *sim.Carrier
	rest    *http.Server
	api     string // the carrier's
	near    *neighbours
	voice   *flite.Synthesizer // of callers

	public  string // the gateway
	socket  *os.File
	gateway *exec.Cmd
	gone    chan error // how its process ended

	desk string // the agent that calls out
	wg   sync.WaitGroup
}

// found builds a town and waits until its gateway takes calls.
func found(ctx context.Context, o Options) (_ *town, err error) {
	t := &town{o: o, token: random(16), key: "hsk_" + random(16)}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close())
		}
	}()
	if t.dir, err = os.MkdirTemp("", "hookswitch-demo-metrics-"); err != nil {
		return nil, err
	}
	if t.near, err = meetNeighbours(); err != nil {
		return nil, err
	}
	if err := t.listen(); err != nil {
		return nil, err
	}
	if err := t.settle(ctx); err != nil {
		return nil, err
	}
	if err := t.speakers(ctx); err != nil {
		return nil, err
	}
	if err := t.start(ctx); err != nil {
		return nil, err
	}
	return t, t.ready(ctx)
}

// listen opens the gateway's door, which outlives the gateway, and the carrier's.
func (t *town) listen() error {
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("demometrics: %w", err)
	}
	defer door.Close()
	t.public = "http://" + door.Addr().String()
	if t.socket, err = door.(*net.TCPListener).File(); err != nil {
		return fmt.Errorf("demometrics: %w", err)
	}
	var numbers []sim.Number
	for _, n := range []string{deskNumber, flakyNumber, goneNumber, nobody} {
		numbers = append(numbers, sim.Number{Number: n, VoiceURL: t.public + "/twilio/voice", StatusCallback: t.public + "/twilio/status"})
	}
	if t.carrier, err = sim.New(sim.Config{AccountSID: server.SimAccount, AuthToken: t.token, Forget: true, Numbers: numbers}); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("demometrics: %w", err)
	}
	t.api = "http://" + ln.Addr().String()
	t.rest = &http.Server{Handler: t.carrier.Handler(), ReadHeaderTimeout: 5 * time.Second}
	t.wg.Go(func() { t.rest.Serve(ln) })
	return nil
}

// speakers gives the callers a voice.
func (t *town) speakers(ctx context.Context) error {
	dir, err := models.Dir(t.o.CacheDir)
	if err != nil {
		return err
	}
	set, err := models.Open(dir)
	if err != nil {
		return err
	}
	t.voice, err = flite.New(ctx, flite.Config{Models: set, Voice: "kal16"})
	return err
}

func (t *town) database() string { return "sqlite://" + filepath.Join(t.dir, "hookswitch.db") }

// settle writes the agents down, before there is a gateway.
func (t *town) settle(ctx context.Context) (err error) {
	db, err := server.OpenStore(ctx, t.database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for number, d := range map[string]roster.Definition{deskNumber: t.frontDesk(), flakyNumber: t.flaky(), goneNumber: t.forgotten()} {
		n, err := db.CreateNumber(ctx, roster.Number{
			Workspace: roster.Default, Number: number, Label: d.Name, Inbound: true, Outbound: true, Provider: "twilio", Status: roster.NumberActive,
		}, "demo-metrics", time.Now())
		if err != nil {
			return err
		}
		a, err := db.CreateAgent(ctx, roster.Agent{UUID: "uuid-of-" + number[1:], Workspace: roster.Default, Definition: d}, n.ID, "demo-metrics", time.Now())
		if err != nil {
			return err
		}
		if number == deskNumber {
			t.desk = a.UUID
		}
	}
	return nil
}

// agent is what all of them have. hook is the path of who is told of its calls.
func (t *town) agent(name, provider, model, hook string) roster.Definition {
	greeting, prompt := "Hello, this is "+name+". How can I help you?", "You are "+name+"."
	return roster.Definition{
		Name: name, Enabled: true, VoiceUUID: "flite-rms", Languages: []string{"en-US"}, Greeting: &greeting,
		ASR:      &roster.ASR{Provider: "moonshine", Model: "tiny-en"},
		Turn:     &roster.Turn{Timeout: 7, SilenceEnd: -1, Mode: "silence"},
		LLM:      &roster.LLM{Provider: &provider, Model: &model, Prompt: &prompt},
		Webhooks: []roster.Webhook{{Type: roster.PostCall, Config: roster.WebhookConfig{Request: &roster.Request{URL: t.near.url + hook, Method: "POST"}, Timeout: 5}}},
	}
}

// frontDesk answers, looks orders up, hands callers to sales, and calls people.
func (t *town) frontDesk() roster.Definition {
	d := t.agent("the front desk", "openai", "gpt-4o-mini", "/hook/takes")
	d.Webhooks = append(d.Webhooks, roster.Webhook{Type: roster.PreCall, Config: roster.WebhookConfig{Request: &roster.Request{URL: t.near.url + "/hook/takes", Method: "POST"}, Timeout: 5}})
	d.Tools = []roster.Tool{{UUID: "t", Name: "look_up_order", Description: "Looks up an order.", Type: roster.WebhookTool, Active: true, Config: roster.ToolConfig{
		Request:    &roster.Request{URL: t.near.url + "/orders", Method: "POST", Body: []byte(`{"number":"{{order}}"}`)},
		Parameters: map[string]roster.Parameter{"order": {Type: "string", Description: "its number"}}, Timeout: 5,
	}}}
	d.SystemTools = map[string]roster.SystemTool{
		roster.TransferToNumber: {Active: true, Parameters: json.RawMessage(`{"transfers":[{"condition":"The caller wants a person.","label":"Sales",` +
			`"transfer_type":"warm","ring_timeout_secs":5,"transfer_destination":{"type":"phone","phone_number":"` + salesPhone + `"}}]}`)},
		roster.VoicemailDetection: {Active: true, Parameters: json.RawMessage(`{"voicemail_message":"Hello, this is the front desk. Please call us back."}`)},
	}
	return d
}

// flaky has a model that is unavailable, and another that takes over.
func (t *town) flaky() roster.Definition {
	d := t.agent("the other desk", "anthropic", "claude-haiku-4-5", "/hook/fails")
	d.LLM.Fallbacks = []roster.Choice{{Provider: "script", Model: "demo"}}
	return d
}

func (t *town) forgotten() roster.Definition {
	return t.agent("the last desk", "script", "demo", "/hook/gone")
}

// start runs a gateway behind the socket.
func (t *town) start(ctx context.Context) error {
	serve := t.o.Gateway(ctx)
	// LISTEN_FDS wants the pid of who listens, which a shell knows and keeps.
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`, serve.Path}, serve.Args[1:]...)...)
	cmd.Dir = t.dir
	cmd.Env = append(serve.Env, "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"),
		"HOOKSWITCH_CARRIER=twilio", "HOOKSWITCH_TWILIO_ACCOUNT_SID="+server.SimAccount, "HOOKSWITCH_TWILIO_AUTH_TOKEN="+t.token,
		"HOOKSWITCH_TWILIO_API_BASE="+t.api, "HOOKSWITCH_TWILIO_AMD=on", "HOOKSWITCH_PUBLIC_URL="+t.public, "HOOKSWITCH_DATABASE_URL="+t.database(),
		"HOOKSWITCH_RECORDINGS=off", "HOOKSWITCH_WEBHOOKS=private", "HOOKSWITCH_BOOTSTRAP_KEY="+t.key,
		"HOOKSWITCH_SECRET_FILE="+filepath.Join(t.dir, "secret.key"), "HOOKSWITCH_CACHE_DIR="+t.o.CacheDir,
		"HOOKSWITCH_OPENAI_BASE_URL="+t.near.url+"/v1", "HOOKSWITCH_OPENAI_KEY=none-is-needed",
		"HOOKSWITCH_ANTHROPIC_BASE_URL="+t.near.url, "HOOKSWITCH_ANTHROPIC_KEY=none-is-needed", "HOOKSWITCH_LOG_LEVEL=error",
		// A machine that does other things, too, must not look like a node that is full.
		"HOOKSWITCH_ADMISSION_LATENESS=1s", "HOOKSWITCH_ADMISSION_CPU=100", "HOOKSWITCH_ADMISSION_QUEUE=1m",
		"HOOKSWITCH_PRICES=carrier/inbound/minute=0.0085,carrier/outbound/minute=0.014,model/openai/input_tokens=0.00015,model/openai/output_tokens=0.0006,voice/flite/characters=0.015,recogniser/moonshine/audio_seconds=0.1",
	)
	cmd.ExtraFiles = []*os.File{t.socket}
	cmd.Stderr = t.o.Log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("demometrics: the gateway: %w", err)
	}
	t.gateway, t.gone = cmd, make(chan error, 1)
	t.wg.Go(func() { t.gone <- cmd.Wait() })
	return nil
}

// ready waits until the gateway takes calls.
func (t *town) ready(ctx context.Context) error {
	var died error
	err := until(ctx, time.Minute, "the gateway takes calls", func() bool {
		select {
		case died = <-t.gone:
			t.gateway, died = nil, fmt.Errorf("demometrics: the gateway's process ended by itself: %w", errors.Join(died, errSilent))
			return true
		default:
			return answers(t.public + "/readyz")
		}
	})
	return errors.Join(err, died)
}

// errSilent stands for whatever the gateway said on its standard error.
var errSilent = errors.New("see what it said")

// impatient asks processes on this machine: one that has died may leave its door
// open, behind which nobody answers.
var impatient = &http.Client{Timeout: time.Second}

// answers reports whether url answers with 200.
func answers(url string) bool {
	resp, err := impatient.Get(url)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// again kills the gateway as a crash would, and starts another behind its socket.
func (t *town) again(ctx context.Context) error {
	t.gateway.Process.Kill()
	<-t.gone
	if err := t.start(ctx); err != nil {
		return err
	}
	return t.ready(ctx)
}

// close ends what there is of t, and waits for it.
func (t *town) close() error {
	var errs []error
	if t.carrier != nil {
		errs = append(errs, t.carrier.Close())
	}
	if t.gateway != nil {
		t.gateway.Process.Signal(syscall.SIGTERM)
		if err := <-t.gone; err != nil {
			errs = append(errs, fmt.Errorf("demometrics: the gateway: %w", err))
		}
	}
	if t.rest != nil {
		errs = append(errs, t.rest.Close())
	}
	if t.near != nil {
		errs = append(errs, t.near.close())
	}
	if t.socket != nil {
		errs = append(errs, t.socket.Close())
	}
	if t.voice != nil {
		errs = append(errs, t.voice.Close(context.Background()))
	}
	t.wg.Wait()
	if t.dir != "" {
		errs = append(errs, os.RemoveAll(t.dir))
	}
	return errors.Join(errs...)
}

// until looks again and again until ok, or fails with what.
func until(ctx context.Context, d time.Duration, what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for !ok() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("demometrics: not within %v: %s: %w", d, what, ctx.Err())
		}
	}
	return nil
}

func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}
