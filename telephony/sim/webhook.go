package sim

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

const (
	maxDocument = 64 << 10 // bytes of one TwiML document: error 11750
	maxHops     = 10       // redirects in a row: error 11215
	maxSound    = 8 << 20  // bytes of a file to play
)

// asker asks webhooks in the matter of one call or message.
type asker struct {
	carrier *Carrier
	owner   *account     // its SID and token are in every webhook
	web     *http.Client // with cookies of its own
	sid     string       // of the call or message

	trouble *trouble                  // what is to go wrong in it; nil: nothing
	note    func(what, detail string) // keeps an event; needed with trouble
}

// answer is what a webhook said.
type answer struct {
	status  int
	ctype   string
	body    []byte // at most one byte more than maxDocument
	address string // after redirects: what relative addresses refer to
	planned bool   // a fault made it so, and the gateway is not to blame
}

// webFault is a webhook that failed, with the carrier's error code.
type webFault struct {
	kind police.Kind
	code int
	text string
}

func (f *webFault) Error() string { return fmt.Sprintf("sim: %s (%d)", f.text, f.code) }

// inquiry is one question to a webhook, through all its attempts and redirects.
type inquiry struct {
	method, address string
	params          url.Values
	token           string // the same in every attempt
	twiml           bool   // it asks what to do: faults of webhooks are for it
}

// ask sends params to address, signed, and follows redirects. All attempts
// share the 15 seconds and the idempotency token.
func (c *asker) ask(ctx context.Context, method, address string, params url.Values) (answer, error) {
	return c.inquire(ctx, inquiry{method: method, address: address, params: params, token: uuid()})
}

// inquire is ask of a question that says more.
func (c *asker) inquire(ctx context.Context, q inquiry) (answer, error) {
	o, bad := overridesOf(q.address, c.carrier.knobs.WebhookTimeout)
	for _, key := range bad {
		c.offend(police.Overrides, 0, "the fragment of a webhook's address has a "+strconv.Quote(key)+" that the carrier does not take")
	}
	ctx, stop := context.WithTimeout(ctx, o.total)
	defer stop()
	for range maxHops + 1 {
		a, next, err := c.hop(ctx, q, o)
		if err != nil || next == "" {
			return a, err
		}
		if a.status != http.StatusTemporaryRedirect && a.status != http.StatusPermanentRedirect {
			q.method, q.params = http.MethodGet, nil
		}
		q.address = next
	}
	return answer{}, &webFault{police.TooManyHops, 11215, "too many redirects"}
}

// hop asks one address, as often as o says. next is where a redirect points.
func (c *asker) hop(ctx context.Context, q inquiry, o overrides) (a answer, next string, err error) {
	for try := 0; ; try++ {
		a, next, err = c.attempt(ctx, q, o)
		if try >= o.retries || ctx.Err() != nil || !o.again(a.status, err) {
			break
		}
	}
	var fault *webFault
	switch {
	case err == nil || errors.As(err, &fault):
		return a, next, err
	case errors.Is(context.Cause(c.carrier.ctx), ErrClosed):
		return a, next, ErrClosed
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, errRead):
		return a, next, &webFault{police.WebhookTimeout, 11205, "webhook did not answer in time"}
	}
	return a, next, &webFault{police.Unreachable, 11205, "webhook could not be reached"}
}

// attempt is one request, and the faults that are planned for it.
func (c *asker) attempt(ctx context.Context, q inquiry, o overrides) (answer, string, error) {
	if !q.twiml || c.trouble == nil {
		return c.once(ctx, q, o)
	}
	f, bites := c.trouble.strike(c.requestAt(q.address, q.params), WebhookUnreached, WebhookLost, WebhookStatus, WebhookTwice, WebhookLate, DoAtWebhook)
	if !bites {
		return c.once(ctx, q, o)
	}
	c.note("fault", string(f.What))
	switch f.What {
	case WebhookUnreached:
		sleep(ctx, cmp.Or(f.For, o.connect))
		return answer{planned: true}, "", errConnect
	case WebhookLost:
		begin := time.Now()
		_, _, _ = c.once(ctx, q, o)
		sleep(ctx, cmp.Or(f.For, o.read)-time.Since(begin))
		return answer{planned: true}, "", errRead
	case WebhookStatus:
		return answer{status: cmp.Or(f.Code, http.StatusServiceUnavailable), ctype: "text/html", address: q.address, planned: true}, "", nil
	case WebhookTwice:
		_, _, _ = c.once(ctx, q, o)
	case WebhookLate:
		sleep(ctx, f.For)
		a, next, err := c.once(ctx, q, o)
		a.planned = err != nil // there was too little time left
		return a, next, err
	case DoAtWebhook:
		f.Run()
	}
	return c.once(ctx, q, o)
}

// once makes one request.
func (c *asker) once(ctx context.Context, q inquiry, o overrides) (answer, string, error) {
	ctx, watch := watched(ctx, o)
	defer watch.stop()
	req, err := c.webRequest(ctx, q.method, q.address, q.params)
	if err != nil {
		return answer{}, "", &webFault{police.WebhookStatus, 11100, "webhook address is not a URL"}
	}
	req.Header.Set("I-Twilio-Idempotency-Token", q.token)
	known := c.carrier.pages.ask(req)
	resp, err := c.web.Do(req)
	if err != nil {
		return answer{}, "", watch.why(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(watch.parts(resp.Body), limitOf(resp)))
	if err != nil {
		return answer{}, "", watch.why(err)
	}
	a := answer{status: resp.StatusCode, ctype: resp.Header.Get("Content-Type"), body: body, address: req.URL.String()}
	if a, ok := c.carrier.pages.answer(resp, known, a); ok {
		return a, "", nil
	}
	if loc, err := resp.Location(); err == nil && resp.StatusCode/100 == 3 {
		return a, loc.String(), nil
	}
	return a, "", nil
}

// limitOf is how much of an answer is read: of a document one byte too many, of
// a sound a few minutes.
func limitOf(resp *http.Response) int64 {
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "audio/") {
		return maxSound
	}
	return maxDocument + 1
}

// webRequest makes a signed request.
func (c *asker) webRequest(ctx context.Context, method, address string, params url.Values) (*http.Request, error) {
	signed := signedAddress(address, c.carrier.knobs.DropHTTPSPort)
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("sim: not a web address")
	}
	u.Fragment = ""
	if c.carrier.knobs.ResortQuery {
		u.RawQuery = u.Query().Encode()
	}
	var body io.Reader
	form := params
	if method == http.MethodGet {
		if len(params) > 0 {
			joint := "?"
			if u.RawQuery != "" {
				joint, u.RawQuery = "&", u.RawQuery+"&"
			}
			u.RawQuery += params.Encode()
			signed += joint + params.Encode()
		}
		form = nil
	} else {
		body = strings.NewReader(params.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "TwilioProxy/1.1")
	req.Header.Set("X-Twilio-Signature", sign(c.owner.AuthToken, signed, form))
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	return req, nil
}

// newWeb returns an HTTP client with cookies of its own, as each call has.
func (c *Carrier) newWeb() *http.Client {
	jar, _ := cookiejar.New(nil) // never fails
	return &http.Client{
		Transport:     c.web,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// parameters is what every webhook of the call is told.
func (c *Call) parameters() url.Values {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.basics()
	if c.direction == inbound {
		v.Set("StirVerstat", "TN-Validation-Passed-A")
		v.Set("CallToken", c.token)
	}
	return v
}

// basics is what callbacks are told too. The caller holds mu.
func (c *Call) basics() url.Values {
	v := url.Values{
		"CallSid":    {c.sid},
		"AccountSid": {c.owner.SID},
		"ApiVersion": {apiVersion},
		"CallStatus": {string(c.status)},
		"Direction":  {c.direction},
	}
	for who, number := range map[string]string{"From": c.from, "Caller": c.from, "To": c.to, "Called": c.to} {
		v.Set(who, number)
		for _, where := range []string{"City", "State", "Zip"} {
			v.Set(who+where, "")
		}
		v.Set(who+"Country", country(number))
	}
	if c.parent != "" {
		v.Set("ParentCallSid", c.parent)
	}
	if c.who != "" {
		v.Set("AnsweredBy", c.who)
	}
	return v
}

// country is a guess that is right often enough for a parameter no one reads.
func country(number string) string {
	if strings.HasPrefix(number, "+1") {
		return "US"
	}
	return ""
}

// uuid makes a random version 4 UUID.
func uuid() string {
	h := newSID("")
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// stamp is the date format of the carrier's callbacks and resources: RFC 2822.
func stamp(t time.Time) string { return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700") }

// isXML reports whether body starts with what a TwiML document starts with.
func isXML(body []byte) bool { return bytes.HasPrefix(body, []byte("<")) }
