package sim

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

const (
	ms     = time.Millisecond
	bought = "+15005550006" // the account's number
	caller = "+15005550010"
	callee = "+15005550011"
	other  = "+15005550012"
)

// office is a gateway of documents alone, behind wires of memory, so that whole
// calls run in virtual time.
type office struct {
	t       *testing.T
	carrier *Carrier

	mu    sync.Mutex
	pages map[string]string // TwiML by path; a page that is not there is empty
	asked []visit
	odd   func(http.ResponseWriter, *http.Request) bool // answers in the place of pages when it is true
}

// visit is one request.
type visit struct {
	path string
	form url.Values
	at   time.Duration // since the office opened

	method string
	header http.Header
}

// inOffice runs test in a bubble with a carrier whose number asks for /voice.
func inOffice(t *testing.T, cfg Config, test func(t *testing.T, o *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := &office{t: t, pages: map[string]string{}}
		cfg.AccountSID, cfg.AuthToken = "AC0123456789abcdef0123456789abcdef", "secret"
		cfg.Numbers = []Number{{Number: bought, VoiceURL: "http://office/voice"}}
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		o.carrier = c
		wires := make(chan net.Conn)
		srv := &http.Server{Handler: o}
		var served sync.WaitGroup
		served.Go(func() { srv.Serve(wireListener{wires}) })
		c.web.DialContext = func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			wires <- there
			return here, nil
		}
		defer func() {
			c.Close()
			close(wires)
			srv.Close()
			served.Wait()
		}()
		test(t, o)
	})
}

// ServeHTTP implements [http.Handler].
func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	o.mu.Lock()
	o.asked = append(o.asked, visit{r.URL.Path, r.Form, time.Since(bubbleBegin), r.Method, r.Header})
	page, odd := o.pages[r.URL.Path], o.odd
	o.mu.Unlock()
	if odd != nil && odd(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	io.WriteString(w, "<Response>"+page+"</Response>")
}

// bubbleBegin is the time at which every bubble begins.
var bubbleBegin = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// visits are the requests to a path.
func (o *office) visits(path string) (out []visit) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, v := range o.asked {
		if v.path == path {
			out = append(out, v)
		}
	}
	return out
}

// one is the only request to a path.
func (o *office) one(path string) visit {
	o.t.Helper()
	v := o.visits(path)
	if len(v) != 1 {
		o.t.Fatalf("%d requests to %s, want 1: %v", len(v), path, v)
	}
	return v[0]
}

// want checks parameters of the only request to a path; an empty one must be
// missing.
func (o *office) want(path string, params map[string]string) {
	o.t.Helper()
	form := o.one(path).form
	for name, want := range params {
		if got := form.Get(name); got != want {
			o.t.Errorf("%s was told %s=%q, want %q", path, name, got, want)
		}
	}
}

// told are the values of a parameter in all requests to a path.
func (o *office) told(path, name string) (out []string) {
	for _, v := range o.visits(path) {
		out = append(out, v.form.Get(name))
	}
	return out
}

// phone registers a phone with h at it, which picks up when it has rung for
// after.
func (o *office) phone(number string, after time.Duration, h handset.Handset) {
	o.carrier.Register(number, Phone{Answer: handset.Answer{After: after}, Make: func() handset.Handset { return h }})
}

// dials starts a call to the office.
func (o *office) dials(h handset.Handset) *Call { return o.dialsFrom(caller, h) }

func (o *office) dialsFrom(number string, h handset.Handset) *Call {
	o.t.Helper()
	call, err := o.carrier.Call(o.t.Context(), number, bought, h)
	if err != nil {
		o.t.Fatal(err)
	}
	return call
}

// calls dials, and waits until all calls are over.
func (o *office) calls(h handset.Handset) *Call {
	o.t.Helper()
	call := o.dials(h)
	if err := o.carrier.Wait(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	return call
}

// clean fails the test if anybody broke the protocol.
func (o *office) clean() {
	o.t.Helper()
	for _, v := range append(o.carrier.Police().Violations(), o.carrier.Police().Warnings()...) {
		o.t.Errorf("violation: %v", v)
	}
}

// to are the calls to a number.
func (o *office) to(number string) (out []*Call) {
	return slices.DeleteFunc(o.carrier.Calls(), func(c *Call) bool { return c.to != number })
}

// wireListener accepts the far ends of wires.
type wireListener struct{ wires chan net.Conn }

func (l wireListener) Accept() (net.Conn, error) {
	conn, ok := <-l.wires
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (l wireListener) Close() error   { return nil }
func (l wireListener) Addr() net.Addr { return &net.TCPAddr{} }

// beeper is a phone that sounds hz all the time, and hangs up at hangup, if that
// is not 0.
func beeper(hz float64, hangup time.Duration) handset.Handset {
	tone := handset.Tone(time.Second, hz)
	i := 0
	return handset.Func(func(now time.Duration, _, say *media.Frame) handset.Touch {
		*say = tone[i%len(tone)]
		i++
		return handset.Touch{Hangup: hangup > 0 && now >= hangup}
	})
}

// heardFor is how long a call's phone heard hz.
func heardFor(c *Call, hz float64) (d time.Duration) {
	_, heard := c.Recording()
	for i := range heard {
		if handset.Level(&heard[i], hz) > handset.ToneLevel/2 {
			d += media.FrameDuration
		}
	}
	return d
}

// near reports whether d is want or up to 100 ms more or less.
func near(d, want time.Duration) bool { return d > want-100*ms && d < want+100*ms }
