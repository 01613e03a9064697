package twilio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony"
)

// Carrier places calls through Twilio's REST interface, ends them and asks how
// they are. It implements [telephony.Carrier]. Its errors are [*Error].
//
// It wraps twilio-go, of which it imports the two packages that it needs; the
// root package would compile sixty more.
type Carrier struct {
	c       Config
	base    string   // PublicURL without a trailing slash
	apiBase *url.URL // nil for Twilio's own
}

var _ telephony.Carrier = (*Carrier)(nil)

// NewCarrier returns a carrier. It reports every mistake in c at once and
// connects to nothing.
func NewCarrier(c Config) (*Carrier, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	k := &Carrier{c: c, base: strings.TrimSuffix(c.PublicURL, "/")}
	if c.APIBase != "" {
		k.apiBase, err = checkURL("APIBase", c.APIBase)
	}
	return k, err
}

// Dial implements [telephony.Carrier]. Our id of the call rides in the query of
// its addresses. An error with Retry false may still have placed the call: when
// the answer was lost, only the status callbacks tell.
func (k *Carrier) Dial(ctx context.Context, o telephony.Outgoing) (carrierID string, err error) {
	ring := o.RingTimeout
	if ring <= 0 {
		ring = 30 * time.Second
	}
	p := &api.CreateCallParams{}
	p.SetTo(string(o.To))
	p.SetFrom(string(o.From))
	p.SetUrl(k.address(pathVoice, o.Call))
	p.SetMethod(http.MethodPost)
	p.SetStatusCallback(k.address(pathStatus, o.Call))
	p.SetStatusCallbackMethod(http.MethodPost)
	// A field per event: one field with spaces in it is one event that nobody knows.
	p.SetStatusCallbackEvent([]string{"initiated", "ringing", "answered", "completed"})
	p.SetTimeout(int(ring / time.Second))

	var call *api.ApiV2010Call
	err = k.do(ctx, "dial", func(s *api.ApiService) (err error) {
		call, err = s.CreateCall(p)
		return err
	})
	if err != nil {
		return "", err
	}
	if call.Sid == nil || !plain(*call.Sid) {
		return "", &Error{Op: "dial", Status: http.StatusCreated, Help: "the answer names no call"}
	}
	return *call.Sid, nil
}

// address is one of ours with the call's id in its query. Twilio sorts queries
// but signs them as they were: one parameter is always sorted.
func (k *Carrier) address(path string, id telephony.CallID) string {
	if id == "" {
		return k.base + path
	}
	return k.base + path + "?" + url.Values{callParam: {string(id)}}.Encode()
}

// Hangup implements [telephony.Carrier]. Twilio says in two ways that a call is
// over already: it is not in progress, or it is not there any more.
func (k *Carrier) Hangup(ctx context.Context, ref telephony.Ref) error {
	err := k.about(ctx, "hangup", ref.ID, func(s *api.ApiService) error {
		p := &api.UpdateCallParams{}
		p.SetStatus(string(telephony.Completed))
		_, err := s.UpdateCall(ref.ID, p)
		return err
	})
	var e *Error
	if errors.As(err, &e) && (e.Code == codeNotInProgress || e.Code == codeNotFound) {
		return nil
	}
	return err
}

// Recall implements [telephony.Carrier].
func (k *Carrier) Recall(ctx context.Context, ref telephony.Ref) error {
	err := k.about(ctx, "recall", ref.ID, func(s *api.ApiService) error {
		p := &api.UpdateCallParams{}
		p.SetUrl(k.base + pathNext)
		p.SetMethod(http.MethodPost)
		_, err := s.UpdateCall(ref.ID, p)
		return err
	})
	var e *Error
	if errors.As(err, &e) && e.Code == codeNotInProgress {
		e.Err = telephony.ErrUnknownCall
	}
	return err
}

// State implements [telephony.Carrier]. Twilio's answer may lag behind its own
// callbacks, and its times are whole seconds. For a call that it does not know
// the error wraps [telephony.ErrUnknownCall].
func (k *Carrier) State(ctx context.Context, ref telephony.Ref) (telephony.Standing, error) {
	var call *api.ApiV2010Call
	err := k.about(ctx, "state", ref.ID, func(s *api.ApiService) (err error) {
		call, err = s.FetchCall(ref.ID, &api.FetchCallParams{})
		return err
	})
	if err != nil {
		return telephony.Standing{}, err
	}
	if call.Status == nil {
		return telephony.Standing{}, &Error{Op: "state", Status: http.StatusOK, Help: "the answer has no status"}
	}
	s := telephony.Standing{State: telephony.State(*call.Status)}
	if s.State.Terminal() && call.EndTime != nil {
		s.Ended = instant(*call.EndTime)
	}
	return s, nil
}

// instant reads a time of the REST interface, RFC 2822 such as "Sun, 22 Nov 2026
// 03:46:36 +0000". What is none is the zero time: a call is over without it.
func instant(s string) time.Time {
	t, err := time.Parse(time.RFC1123Z, s)
	if err != nil || t.Unix() <= 0 {
		return time.Time{}
	}
	return t
}

// about is do for a call of Twilio's. twilio-go puts the id into the path as it
// is, so it has to be one.
func (k *Carrier) about(ctx context.Context, op, carrierID string, ask func(*api.ApiService) error) error {
	if !plain(carrierID) {
		return &Error{Op: op, Help: "that is no call id of Twilio's", Err: telephony.ErrUnknownCall}
	}
	return k.do(ctx, op, ask)
}

// do runs one request of twilio-go's under ctx. The library takes no context,
// so each request gets a client whose transport knows it. The client's parts
// are set by hand because its constructor reads TWILIO_EDGE and TWILIO_REGION,
// and a gateway should call where its own configuration says.
func (k *Carrier) do(ctx context.Context, op string, ask func(*api.ApiService) error) error {
	ctx, cancel := context.WithTimeout(ctx, k.c.Timeout)
	defer cancel()
	trip := &trip{ctx: ctx, k: k}
	c := &client.Client{
		Credentials: client.NewCredentials(k.c.AccountSID, k.c.AuthToken),
		HTTPClient: &http.Client{
			Transport: trip,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse // credentials go nowhere else
			},
		},
	}
	c.SetAccountSid(k.c.AccountSID)
	err := ask(api.NewApiService(&client.RequestHandler{Client: c, Edge: k.c.Edge, Region: k.c.Region}))
	if err == nil && trip.status < 300 {
		return nil
	}
	return newError(op, trip.status, err)
}

// maxAnswer bounds an answer of the REST interface, in bytes.
const maxAnswer = 1 << 20

// trip carries one request: under a context, to the configured host. It keeps
// the status, which twilio-go forgets when the body is not JSON.
type trip struct {
	ctx    context.Context
	k      *Carrier
	status int // 0: no answer
}

// RoundTrip implements [http.RoundTripper].
func (t *trip) RoundTrip(r *http.Request) (*http.Response, error) {
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
	t.status = res.StatusCode
	res.Body = bounded{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// bounded is a body of which only so much is read.
type bounded struct {
	io.Reader
	io.Closer
}
