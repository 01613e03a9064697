package twilio

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bufio"
	"net"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// desk is a gateway in small: it takes every call, lets one stream in per
// token, and talks by saying back what it hears.
type desk struct {
	mu     sync.Mutex
	calls  map[string]*deskCall // by the carrier's id
	rang   []telephony.Incoming
	asked  []telephony.Question
	words  []telephony.Progress
	admits []telephony.Ref
	broken error                     // what every method returns, if set
	talk   func(telephony.Leg) error // instead of the echo
	talks  int
	ended  chan error // gets what each Talk returned

	ear     string                     // the token that lets an ear in
	listen  func(telephony.Ears) error // what Listen does
	listens int
	door    string // what opens the door
	entered []telephony.Entering
}

type deskCall struct {
	epoch   int
	token   string
	talking bool
	over    bool // we ended it
}

func newDesk() *desk {
	return &desk{calls: map[string]*deskCall{}, ended: make(chan error, 1000)}
}

func (d *desk) Ring(_ context.Context, in telephony.Incoming) (telephony.Step, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rang = append(d.rang, in)
	if d.broken != nil {
		return telephony.Step{}, d.broken
	}
	c := d.calls[in.Carrier]
	if c == nil {
		c = &deskCall{epoch: 1, token: fmt.Sprintf("token-%s-1", in.Carrier[:min(6, len(in.Carrier))])}
		d.calls[in.Carrier] = c
	}
	return telephony.Step{Kind: telephony.StepConnect, Token: c.token}, nil
}

func (d *desk) Next(_ context.Context, q telephony.Question) (telephony.Step, error) {
	carrierID, over := q.Carrier, q.Over
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, q)
	c := d.calls[carrierID]
	switch {
	case d.broken != nil:
		return telephony.Step{}, d.broken
	case c == nil:
		return telephony.Step{}, telephony.ErrUnknownCall
	case over:
		return telephony.Step{Kind: telephony.StepNothing}, nil
	case c.talking:
		return telephony.Step{}, telephony.ErrStillTalking
	case c.over:
		return telephony.Step{Kind: telephony.StepHangup}, nil
	}
	c.epoch++
	c.token = fmt.Sprintf("token-%s-%d", carrierID[:min(6, len(carrierID))], c.epoch)
	return telephony.Step{Kind: telephony.StepConnect, Token: c.token}, nil
}

// heard counts what reached the desk.
func (d *desk) heard() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.rang) + len(d.asked) + len(d.words) + d.talks + d.listens + len(d.entered)
}

func (d *desk) Report(_ context.Context, p telephony.Progress) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken == nil {
		d.words = append(d.words, p)
	}
	return d.broken
}

func (d *desk) Admit(_ context.Context, token string, as telephony.Ref) (telephony.Call, error) {
	carrierID := as.ID
	d.mu.Lock()
	defer d.mu.Unlock()
	d.admits = append(d.admits, as)
	c := d.calls[carrierID]
	switch {
	case d.broken != nil:
		return telephony.Call{}, d.broken
	case c != nil && c.talking:
		return telephony.Call{}, telephony.ErrStillTalking
	case c == nil || token == "" || token != c.token:
		return telephony.Call{}, telephony.ErrToken
	}
	c.token, c.talking = "", true
	return telephony.Call{ID: "call-1", Epoch: c.epoch, Carrier: carrierID}, nil
}

func (d *desk) Overhear(_ context.Context, token string, as telephony.Ref) (telephony.Call, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.admits = append(d.admits, as)
	switch {
	case d.broken != nil:
		return telephony.Call{}, d.broken
	case token == "" || token != d.ear:
		return telephony.Call{}, telephony.ErrToken
	}
	d.ear = ""
	return telephony.Call{ID: "call-1", Epoch: 1, Carrier: as.ID}, nil
}

func (d *desk) Listen(ctx context.Context, _ telephony.Call, ears telephony.Ears) (err error) {
	d.mu.Lock()
	d.listens++
	listen := d.listen
	d.mu.Unlock()
	defer func() { d.ended <- err }()
	stop := context.AfterFunc(ctx, func() { ears.Close() })
	defer stop()
	return listen(ears)
}

func (d *desk) Enter(_ context.Context, door string, in telephony.Entering) (telephony.Call, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.broken != nil:
		return telephony.Call{}, d.broken
	case door != d.door:
		return telephony.Call{}, telephony.ErrToken
	}
	d.entered = append(d.entered, in)
	d.calls[in.Carrier] = &deskCall{epoch: 1, talking: true}
	return telephony.Call{ID: "call-1", Epoch: 1, Carrier: in.Carrier}, nil
}

func (d *desk) Talk(ctx context.Context, call telephony.Call, leg telephony.Leg) (err error) {
	d.mu.Lock()
	talk := d.talk
	d.talks++
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		d.calls[call.Carrier].talking = false
		d.mu.Unlock()
		d.ended <- err
	}()
	stop := context.AfterFunc(ctx, func() { leg.Hangup(context.Background()) })
	defer stop()
	if talk != nil {
		return talk(leg)
	}
	return echo(leg)
}

// echo says back what it hears, marks every tenth frame, and hangs up at a '#'.
func echo(leg telephony.Leg) error {
	var f media.Frame
	for n := uint32(1); ; {
		ev, err := leg.Next(&f)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch ev.Kind {
		case telephony.Audio:
			if err := leg.Write(&f); err != nil {
				return err
			}
			if n++; n%10 == 0 {
				if err := leg.Mark(n); err != nil {
					return err
				}
			}
		case telephony.Digit:
			if ev.Digit == '#' {
				return leg.Hangup(context.Background())
			}
			if err := leg.Clear(); err != nil {
				return err
			}
		}
	}
}

// rig is a trunk behind a real server on loopback.
type rig struct {
	tb     testing.TB
	trunk  *Trunk
	desk   *desk
	inbox  *inbox
	server *httptest.Server
	tally  tally
}

func newRig(tb testing.TB, change ...func(*Config)) *rig {
	tb.Helper()
	r := &rig{tb: tb, desk: newDesk(), inbox: &inbox{}}
	r.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.trunk.Handler().ServeHTTP(w, req)
	}))
	c := Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "http://" + r.server.Listener.Addr().String(), Count: r.tally.count, Inbox: r.inbox}
	for _, f := range change {
		f(&c)
	}
	var err error
	if r.trunk, err = New(c, r.desk); err != nil {
		tb.Fatal(err)
	}
	r.server.Start()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.trunk.Close(ctx); err != nil {
			tb.Errorf("Close() = %v: a stream is left", err)
		}
		r.server.Close()
	})
	return r
}

// sign is the documented signature, written apart from the code under test.
func sign(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	io.WriteString(mac, address)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		io.WriteString(mac, name+form.Get(name))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// formOf is a webhook's form: what is always there, changed by pairs.
func formOf(pairs ...string) url.Values {
	form := url.Values{"CallSid": {testCall}, "MessageSid": {testMessage}, "AccountSid": {testAccount}, "From": {"+15550100001"}, "To": {"+15550100002"},
		"CallStatus": {"ringing"}, "ApiVersion": {"2010-04-01"}, "Direction": {"inbound"}, "FromCity": {""}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// post sends a signed webhook and returns the answer.
func (r *rig) post(path string, form url.Values, headers ...string) (status int, body string) {
	r.tb.Helper()
	address := r.server.URL + path
	headers = append([]string{"X-Twilio-Signature", sign(testToken, address, form)}, headers...)
	return r.raw(http.MethodPost, path, form.Encode(), headers...)
}

// raw sends any request.
func (r *rig) raw(method, path, body string, headers ...string) (status int, answer string) {
	r.tb.Helper()
	req, err := http.NewRequest(method, r.server.URL+path, strings.NewReader(body))
	if err != nil {
		r.tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := r.server.Client().Do(req)
	if err != nil {
		r.tb.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.tb.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// dial opens a media socket with a right signature.
func (r *rig) dial() *far {
	r.tb.Helper()
	f, line := r.upgrade(sign(testToken, r.socket(pathMedia), nil))
	if !strings.Contains(line, "101") {
		r.tb.Fatalf("upgrade: %s", line)
	}
	return f
}

// socket is the address of a websocket.
func (r *rig) socket(path string) string {
	return "ws" + strings.TrimPrefix(r.server.URL, "http") + path
}

// upgrade asks for a media socket and returns it with the status line.
func (r *rig) upgrade(signature string) (*far, string) {
	r.tb.Helper()
	return r.upgradeAt(pathMedia, signature)
}

// upgradeAt is upgrade at any path.
func (r *rig) upgradeAt(path, signature string) (*far, string) {
	r.tb.Helper()
	conn, err := net.Dial("tcp", r.server.Listener.Addr().String())
	if err != nil {
		r.tb.Fatal(err)
	}
	r.tb.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	f := &far{conn, bufio.NewReader(conn)}
	fmt.Fprintf(conn, upgradeText, path, conn.RemoteAddr(), signature)
	first := ""
	for {
		line, err := f.r.ReadString('\n')
		if err != nil {
			r.tb.Fatal(err)
		}
		if first == "" {
			first = line
		}
		if line == "\r\n" {
			return f, first
		}
	}
}

// ring sends the voice webhook and returns the token in the answer.
func (r *rig) ring() string {
	r.tb.Helper()
	_, body := r.post(pathVoice, formOf())
	_, after, ok := strings.Cut(body, `name="token" value="`)
	token, _, _ := strings.Cut(after, `"`)
	if !ok {
		r.tb.Fatalf("no token in %s", body)
	}
	return token
}

// talking opens a stream that is being talked on.
func (r *rig) talking() *far {
	r.tb.Helper()
	token := r.ring()
	f := r.dial()
	f.say(connectedText, startText(token))
	r.until("the desk talks", func() bool {
		r.desk.mu.Lock()
		defer r.desk.mu.Unlock()
		return r.desk.calls[testCall].talking
	})
	return f
}

// until waits for a condition that real sockets bring about.
func (r *rig) until(what string, ok func() bool) {
	r.tb.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.tb.Fatalf("never: %s (counted %v)", what, &r.tally)
		}
	}
}

// outcome is what Talk returned.
func (r *rig) outcome() error {
	r.tb.Helper()
	select {
	case err := <-r.desk.ended:
		return err
	case <-time.After(15 * time.Second):
		r.tb.Fatal("the conversation never ended")
		return errors.New("never")
	}
}
