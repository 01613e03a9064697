package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// judge stands before a carrier and sees every request for a call.
type judge struct {
	carrier *sim.Carrier
	serve   http.Handler
	// before and after are asked around the request for a call, if they are there;
	// one that says false has the gateway hear nothing of it.
	before, after func() bool

	mu    sync.Mutex
	asked []ask
	both  []string // numbers that were called while they were called
	most  int      // calls at once
}

// ask is a request for a call that the carrier took.
type ask struct {
	from, to string
	at       time.Time
}

// ServeHTTP implements [http.Handler].
func (j *judge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/Calls.json") {
		j.serve.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	form, err2 := url.ParseQuery(string(body))
	if err != nil || err2 != nil || j.before != nil && !j.before() {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	j.place(form, func() bool {
		j.serve.ServeHTTP(answer, r)
		return answer.Code == http.StatusCreated
	})
	if j.after != nil && !j.after() {
		panic(http.ErrAbortHandler)
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// place has the carrier place a call, and notes what it is beside.
func (j *judge) place(form url.Values, do func() bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	to, live := form.Get("To"), 1
	for _, c := range j.carrier.Calls() {
		if c.Status().Terminal() {
			continue
		}
		live++
		if c.To() == to {
			j.both = append(j.both, to)
		}
	}
	if do() {
		j.asked = append(j.asked, ask{form.Get("From"), to, time.Now()})
		j.most = max(j.most, live)
	}
}

// requests are those that the carrier took, in their order.
func (j *judge) requests() []ask {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.asked)
}

// times is how often each number was called.
func (j *judge) times() map[string]int {
	n := map[string]int{}
	for _, a := range j.requests() {
		n[a.to]++
	}
	return n
}

// atOnce is how many calls there were at most.
func (j *judge) atOnce() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.most
}

// never is the numbers that were called while they were called, which none may be.
func (j *judge) never() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.both)
}

// campaign is a gateway on a trunk whose carrier is watched.
type campaign struct {
	*booted
	*judge
	token roster.Secret // of the account
}

// newCampaign boots one that places cps calls a second, as its carrier does. The
// dialing policy is as open as may be.
func newCampaign(t *testing.T, cps int) *campaign {
	t.Helper()
	carrier, err := sim.New(sim.Config{AccountSID: roadAccount, AuthToken: roadToken, Forget: true, Knobs: sim.Knobs{CPS: float64(cps)}})
	if err != nil {
		t.Fatal(err)
	}
	x := &campaign{judge: &judge{carrier: carrier, serve: carrier.Handler()}}
	api := httptest.NewServer(x.judge)
	t.Cleanup(func() {
		api.Close()
		if err := carrier.Close(); err != nil {
			t.Error(err)
		}
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := privately(t)
	o.Listener, o.Log = ln, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	o.Transport = &http.Transport{DisableKeepAlives: true}
	o.Config.BootstrapKey, o.Config.Carrier, o.Config.PublicURL = flowKey, "twilio", "http://"+ln.Addr().String()
	o.Config.Recordings, o.Config.APIRate = "off", 100_000
	o.Config.Twilio = config.Twilio{AccountSID: roadAccount, AuthToken: roadToken, CPS: cps, AMD: "off", APIBase: api.URL}
	x.booted = boot(t, o)
	ring, _, err := server.OpenKeyring(o.Config)
	if err == nil {
		x.token, err = ring.Seal(roadToken)
	}
	if err != nil {
		t.Fatal(err)
	}
	x.forget()
	x.must("PATCH", "/dialing", openly)
	return x
}

// openly is a dialing policy without caps that a test would meet.
const openly = `{"max_per_hour":10000,"max_concurrent_prefix":1000,"max_per_number_hour":1000,"max_per_number_day":1000,"minutes_per_number_day":1440}`

// forget has nobody count the ends of calls: there are many.
func (b *booted) forget() {
	ctx, stop := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			select {
			case <-b.ended:
			case <-ctx.Done():
				return
			}
		}
	})
	b.t.Cleanup(func() {
		stop()
		reading.Wait()
	})
}

// hires makes an agent of a workspace that calls from number.
func (x *campaign) hires(workspace, name, number string, callback *roster.Callback) roster.Agent {
	x.t.Helper()
	if err := x.carrier.Own(sim.Number{Number: number, VoiceURL: x.PublicURL() + "/twilio/voice"}); err != nil {
		x.t.Fatal(err)
	}
	n, err := x.Store().CreateNumber(x.t.Context(), roster.Number{
		Workspace: workspace, Number: number, Label: "x", Inbound: true, Outbound: true, Provider: "twilio", Status: roster.NumberActive, Account: roadAccount, Token: x.token,
	}, "test", time.Now())
	if err != nil {
		x.t.Fatal(err)
	}
	d := receptionist(name)
	greeting := "Hello {{name}}, this is " + name + "."
	d.Greeting, d.Variables, d.Callback = &greeting, map[string]any{"name": "there"}, callback
	a, err := x.Store().CreateAgent(x.t.Context(), roster.Agent{UUID: "uuid-of-" + name, Workspace: workspace, Definition: d}, n.ID, "test", time.Now())
	if err != nil {
		x.t.Fatal(err)
	}
	return a
}

// phones are n numbers at which make answers.
func phones(carrier *sim.Carrier, first, n int, make func() handset.Handset) (all []string) {
	for i := range n {
		number := fmt.Sprintf("+1415555%04d", first+i)
		carrier.Register(number, sim.Phone{Make: make})
		all = append(all, number)
	}
	return all
}

// forAWhile is somebody who listens for a moment, whatever is said.
func forAWhile(d time.Duration) func() handset.Handset {
	return func() handset.Handset {
		return handset.Func(func(now time.Duration, _, _ *media.Frame) handset.Touch { return handset.Touch{Hangup: now >= d} })
	}
}

// column is a file of numbers, each with a name.
func column(numbers []string) string {
	var b strings.Builder
	b.WriteString("phone_number,name\n")
	for _, n := range numbers {
		b.WriteString(n + "," + named(n) + "\n")
	}
	return b.String()
}

// named is whoever has a number.
func named(number string) string { return "Ada " + number[len(number)-4:] }

// form is a batch as seed 004's clients send one. fields come in pairs.
func form(file string, fields ...string) (contentType, body string) {
	const boundary = "between-the-parts-of-a-form"
	var b strings.Builder
	for i := 0; i+1 < len(fields); i += 2 {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", boundary, fields[i], fields[i+1])
	}
	fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\nContent-Type: text/csv\r\n\r\n%s\r\n--%s--\r\n", boundary, file, boundary)
	return "multipart/form-data; boundary=" + boundary, b.String()
}

// sends uploads a batch of numbers, and returns its id.
func (x *campaign) sends(v visitor, agent string, numbers []string) string {
	x.t.Helper()
	kind, body := form(column(numbers), "agentId", agent)
	a := x.via(trillet, v, "POST", "/v1/api/batch-calls", body, "Content-Type", kind)
	if a.status != 200 || a.str("totalCalls") != fmt.Sprint(len(numbers)) {
		x.t.Fatalf("a batch: %d %s", a.status, a.text)
	}
	return a.str("batchId")
}

// rows are a batch's errands.
func (b *booted) rows(batch string) []agenda.Errand {
	b.t.Helper()
	var all []agenda.Errand
	for cursor := ""; ; {
		some, next, err := b.Store().Agenda().Errands(context.Background(), "", agenda.Filter{Batch: batch}, cursor, 1000)
		if err != nil {
			b.t.Fatal(err)
		}
		if all = append(all, some...); next == "" {
			return all
		}
		cursor = next
	}
}
