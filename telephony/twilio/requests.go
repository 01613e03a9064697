package twilio

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
)

const (
	maxTries  = 4                // of one request
	firstWait = time.Second      // before the second try, at most; it doubles
	maxWait   = 30 * time.Second // if Twilio asks for more, the caller is told instead
	maxAnswer = 1 << 20          // of the REST interface, in bytes
)

// do runs one request of twilio-go's as account a. A request that Twilio did not
// take because there were too many at once is sent again after a pause, and so
// is one that only reads, when Twilio failed. Every try has the time that the
// configuration gives; all of them and the pauses end with ctx.
func (k *Carrier) do(ctx context.Context, op string, a Account, ask func(*api.ApiService) error) error {
	for n := 1; ; n++ {
		t, err := k.try(ctx, op, a, ask)
		if err == nil {
			return nil
		}
		wait, again := t.next(err, n)
		if !again || ctx.Err() != nil {
			return err
		}
		if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
			return err // it says more than that the time was over
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			err.Err = context.Cause(ctx)
			return err
		}
	}
}

// try sends one request. The library takes no context, so each request gets a
// client whose transport knows it. The client's parts are set by hand because
// its constructor reads TWILIO_EDGE and TWILIO_REGION, and a gateway should call
// where its own configuration says.
func (k *Carrier) try(ctx context.Context, op string, a Account, ask func(*api.ApiService) error) (*trip, *Error) {
	ctx, cancel := context.WithTimeout(ctx, k.c.Timeout)
	defer cancel()
	t := &trip{ctx: ctx, k: k}
	c := &client.Client{
		Credentials: client.NewCredentials(a.SID, a.Token),
		HTTPClient: &http.Client{
			Transport: t,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse // credentials go nowhere else
			},
		},
	}
	c.SetAccountSid(a.SID)
	err := ask(api.NewApiService(&client.RequestHandler{Client: c, Edge: a.Edge, Region: a.Region}))
	if err == nil && t.status < 300 {
		return t, nil
	}
	e := newError(op, t.status, err)
	e.After = t.after
	return t, e
}

// trip carries one request: under a context, to the configured host. It keeps
// what twilio-go forgets.
type trip struct {
	ctx    context.Context
	k      *Carrier
	reads  bool          // the request changes nothing
	status int           // 0: no answer
	after  time.Duration // that Twilio asks to wait; 0: it does not say
}

// RoundTrip implements [http.RoundTripper].
func (t *trip) RoundTrip(r *http.Request) (*http.Response, error) {
	t.reads = r.Method == http.MethodGet
	r = r.Clone(t.ctx)
	if base := t.k.apiBase; base != nil {
		r.URL.Scheme, r.URL.Host, r.Host = base.Scheme, base.Host, ""
		r.URL.Path = strings.TrimSuffix(base.Path, "/") + r.URL.Path
		r.URL.RawPath = ""
	}
	res, err := t.k.c.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	t.status, t.after = res.StatusCode, retryAfter(res.Header.Get("Retry-After"))
	res.Body = bounded{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// bounded is a body of which only so much is read.
type bounded struct {
	io.Reader
	io.Closer
}

// next says whether a request is sent again after its n-th try failed with e,
// and how long to wait before. Half of the pause is chance, so that those who
// were too many do not come back together.
func (t *trip) next(e *Error, n int) (wait time.Duration, again bool) {
	if n >= maxTries || !e.tooMany() && !t.mayRead(e) {
		return 0, false
	}
	if e.After > maxWait {
		return 0, false
	}
	wait = firstWait << (n - 1)
	wait = wait/2 + rand.N(wait/2)
	return max(wait, e.After), true
}

// mayRead reports whether e is a failure of a request that only reads, such as
// may be gone in a second. One that took all its time is not sent again: whoever
// asked has waited long enough.
func (t *trip) mayRead(e *Error) bool {
	return t.reads && e.Retry && !isTimeout(e.Err)
}

// retryAfter reads RFC 9110, section 10.2.3: seconds or a date. What is neither,
// or is over, is 0.
func retryAfter(s string) time.Duration {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
