package sim_test

import (
	"cmp"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

const (
	account = "AC0123456789abcdef0123456789abcdef"
	secret  = "correcthorsebatterystaple"
	ours    = "+15005550006"
	theirs  = "+15005550010"
	ms      = time.Millisecond
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(officially{m}) }

// request is a webhook that the gateway got.
type request struct {
	path   string
	form   url.Values
	header http.Header
	at     time.Time
}

// gateway is the smallest thing that talks to a carrier: TwiML by path, and
// one function for every stream. It checks each signature with twilio-go.
type gateway struct {
	t    *testing.T
	srv  *httptest.Server
	talk func(*socket) // nil echoes

	secret string // with which it checks signatures. Empty: secret of the account

	mu       sync.Mutex
	twiml    map[string]func(url.Values) string // by path; in place of http.HandlerFunc
	handlers map[string]http.HandlerFunc
	requests []request
	sockets  sync.WaitGroup
}

// socket is the gateway's end of a stream.
type socket struct {
	*websocket.Conn
	sid    string
	frames []string // everything received, verbatim
	at     []time.Time
}

// say sends ulaw as one media message.
func (s *socket) say(ulaw []byte) error {
	return s.send(`{"event":"media","streamSid":%q,"media":{"payload":%q}}`, s.sid, base64.StdEncoding.EncodeToString(ulaw))
}

func (s *socket) send(format string, args ...any) error {
	return s.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...))
}

// next reads a message and keeps it.
func (s *socket) next() (m map[string]any, err error) {
	_, data, err := s.ReadMessage()
	if err != nil {
		return nil, err
	}
	s.frames, s.at = append(s.frames, string(data)), append(s.at, time.Now())
	return m, json.Unmarshal(data, &m)
}

// line is how long the line has brought sound.
func (s *socket) line() (d time.Duration) {
	for _, text := range s.frames {
		if strings.HasPrefix(text, `{"event":"media"`) {
			d += media.FrameDuration
		}
	}
	return d
}

// await reads up to the first message of an event.
func (s *socket) await(event string) (map[string]any, error) {
	for {
		m, err := s.next()
		if err != nil || m["event"] == event {
			return m, err
		}
	}
}

// echo plays back what it hears until the stream ends.
func echo(s *socket) {
	for {
		m, err := s.next()
		if err != nil {
			return
		}
		if m["event"] == "media" {
			payload, _ := base64.StdEncoding.DecodeString(m["media"].(map[string]any)["payload"].(string))
			s.say(payload)
		}
	}
}

func newGateway(t *testing.T, secure bool) *gateway {
	g := &gateway{t: t, talk: echo, handlers: map[string]http.HandlerFunc{}}
	g.twiml = map[string]func(url.Values) string{
		"/voice": func(url.Values) string {
			return `<Connect action="/next"><Stream url="` + g.ws() + `/media"><Parameter name="token" value="t&amp;1"/></Stream></Connect>`
		},
		"/next":   func(url.Values) string { return `<Hangup/>` },
		"/status": func(url.Values) string { return `` },
	}
	g.srv = httptest.NewUnstartedServer(g)
	if secure {
		g.srv.StartTLS()
	} else {
		g.srv.Start()
	}
	t.Cleanup(func() {
		g.settle()
		g.srv.Close()
	})
	return g
}

func (g *gateway) ws() string { return strings.Replace(g.srv.URL, "http", "ws", 1) }

// ServeHTTP implements [http.Handler].
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	validator := client.NewRequestValidator(cmp.Or(g.secret, secret))
	g.mu.Unlock()
	if r.Header.Get("Upgrade") != "" {
		if !validator.Validate(g.ws()+r.URL.Path, nil, r.Header.Get("X-Twilio-Signature")) {
			g.t.Error("the websocket is not signed")
		}
		if handler := g.handlers[r.URL.Path]; handler != nil {
			handler(w, r)
			return
		}
		g.stream(w, r)
		return
	}
	r.ParseForm()
	params := map[string]string{}
	for name := range r.PostForm {
		params[name] = r.PostForm.Get(name)
	}
	if !validator.Validate(g.srv.URL+r.URL.RequestURI(), params, r.Header.Get("X-Twilio-Signature")) {
		g.t.Errorf("%s %s is not signed", r.Method, r.URL.Path)
	}
	g.mu.Lock()
	g.requests = append(g.requests, request{r.URL.Path, r.Form, r.Header, time.Now()})
	twiml, handler := g.twiml[r.URL.Path], g.handlers[r.URL.Path]
	g.mu.Unlock()
	if handler != nil {
		handler(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	if twiml == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Response>`+twiml(r.Form)+`</Response>`)
}

func (g *gateway) stream(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-WebSocket-Extensions") != "" || r.Header.Get("User-Agent") != "Twilio.TmeWs/1.0" {
		g.t.Errorf("websocket headers %v", r.Header)
	}
	up := websocket.Upgrader{}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		g.t.Errorf("Upgrade() = %v", err)
		return
	}
	g.mu.Lock()
	g.sockets.Add(1)
	g.mu.Unlock()
	defer g.sockets.Done()
	defer conn.Close()
	s := &socket{Conn: conn}
	start, err := s.await("start")
	if err != nil {
		return
	}
	s.sid = start["streamSid"].(string)
	g.talk(s)
}

// settle waits until every stream's handler has returned. The lock orders it
// behind their start.
func (g *gateway) settle() {
	g.mu.Lock()
	g.mu.Unlock()
	g.sockets.Wait()
}

// closeStream ends a stream as a gateway does that is done with it.
func closeStream(s *socket) {
	s.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	for {
		if _, err := s.next(); err != nil {
			return
		}
	}
}

// got returns the requests to a path.
func (g *gateway) got(path string) (out []request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.requests {
		if r.path == path {
			out = append(out, r)
		}
	}
	return out
}

// statuses are the CallStatus values that a path was told, in order.
func (g *gateway) statuses(path string) (out []string) {
	for _, r := range g.got(path) {
		out = append(out, r.form.Get("CallStatus"))
	}
	return out
}

// newCarrier starts a carrier whose number ours is answered by g, and a
// twilio-go client of it.
func newCarrier(t *testing.T, g *gateway, knobs sim.Knobs) (*sim.Carrier, *api.ApiService) {
	t.Helper()
	var trust *tls.Config
	if g.srv.TLS != nil {
		trust = g.srv.Client().Transport.(*http.Transport).TLSClientConfig
	}
	c, err := sim.New(sim.Config{
		AccountSID: account, AuthToken: secret, TLS: trust, Knobs: knobs,
		Numbers: []sim.Number{{Number: ours, VoiceURL: g.srv.URL + "/voice", StatusCallback: g.srv.URL + "/status"}},
	})
	if err != nil {
		t.Fatalf("New() = %v", err)
	}
	t.Cleanup(func() { c.Close() })
	return c, twilioClient(t, c, secret)
}

// loopbackTo sends twilio-go's requests to the simulated carrier.
type loopbackTo struct{ host string }

func (l loopbackTo) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", l.host
	return http.DefaultTransport.RoundTrip(r)
}

func twilioClient(t *testing.T, c *sim.Carrier, password string) *api.ApiService {
	srv := httptest.NewServer(checked(c))
	t.Cleanup(func() {
		srv.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	u, _ := url.Parse(srv.URL)
	cl := &client.Client{Credentials: client.NewCredentials(account, password), HTTPClient: &http.Client{Transport: loopbackTo{u.Host}}}
	cl.SetAccountSid(account)
	return api.NewApiService(client.NewRequestHandler(cl))
}

// call dials ours and waits for the end.
func call(t *testing.T, c *sim.Carrier, h handset.Handset) *sim.Call {
	t.Helper()
	call, err := c.Call(t.Context(), theirs, ours, h)
	if err != nil {
		t.Fatalf("Call() = %v", err)
	}
	wait(t, call)
	return call
}

func wait(t *testing.T, calls ...*sim.Call) {
	t.Helper()
	for _, c := range calls {
		select {
		case <-c.Done():
		case <-time.After(15 * time.Second):
			t.Fatalf("the call is still %s; events %v", c.Status(), c.Events())
		}
	}
}

// hangupAfter is a silent caller who hangs up.
func hangupAfter(d time.Duration) handset.Handset {
	return handset.Noisy(handset.Noise{At: d, Hangup: true})
}

func wantStatus(t *testing.T, c *sim.Call, want telephony.State) {
	t.Helper()
	if got := c.Status(); got != want {
		t.Errorf("the call is %s, want %s", got, want)
	}
}

func wantClean(t *testing.T, c *sim.Carrier) {
	t.Helper()
	for _, v := range c.Police().Violations() {
		t.Errorf("violation: %v", v)
	}
}

// kinds are the kinds of all violations and warnings, each once.
func kinds(c *sim.Carrier) (out []police.Kind) {
	for _, v := range append(c.Police().Violations(), c.Police().Warnings()...) {
		if !slices.Contains(out, v.Kind) {
			out = append(out, v.Kind)
		}
	}
	slices.Sort(out)
	return out
}

// voicedFrames are the indexes of the frames with a voice.
func voicedFrames(frames []media.Frame) (out []int) {
	for i := range frames {
		if _, _, ok := handset.Voiced(&frames[i]); ok {
			out = append(out, i)
		}
	}
	return out
}

// decode fills f with a media message's audio.
func decode(f *media.Frame, m map[string]any) {
	payload, _ := base64.StdEncoding.DecodeString(m["media"].(map[string]any)["payload"].(string))
	g711.Decode(f, payload)
}
