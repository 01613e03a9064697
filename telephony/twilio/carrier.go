package twilio

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony"
)

// Carrier places calls through Twilio's REST interface, ends them and asks how
// they are, each as the account that has it. It implements [telephony.Carrier].
// Its errors are [*Error].
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
// its addresses. What is said is kept by the gateway, so the carrier is never
// asked to record. An error with Retry false may still have placed the call: when
// the answer was lost, only the status callbacks tell. Such a call is never
// placed again.
func (k *Carrier) Dial(ctx context.Context, o telephony.Outgoing) (carrierID string, err error) {
	p, err := k.dialParams(o)
	if err != nil {
		return "", err
	}
	account, err := k.credentials(ctx, "dial", o.Account)
	if err != nil {
		return "", err
	}
	var call *api.ApiV2010Call
	var unwanted error
	err = k.do(ctx, "dial", account, func(s *api.ApiService) (err error) {
		if unwanted = o.MayDial(ctx); unwanted != nil {
			return unwanted
		}
		call, err = s.CreateCall(p)
		return err
	})
	switch {
	case unwanted != nil:
		return "", unwanted
	case err != nil:
		return "", err
	}
	if call.Sid == nil || !plain(*call.Sid) {
		return "", &Error{Op: "dial", Status: http.StatusCreated, Help: "the answer names no call"}
	}
	return *call.Sid, nil
}

// keys is what Twilio presses: up to 32 of them, w and W are pauses.
var keys = regexp.MustCompile(`^[0-9A-D#*wW]{0,32}$`)

// dialParams says o in Twilio's words.
func (k *Carrier) dialParams(o telephony.Outgoing) (*api.CreateCallParams, error) {
	if !keys.MatchString(o.PostDial) {
		return nil, &Error{Op: "dial", Help: "the keys to press after the answer are not up to 32 of 0-9, A-D, #, *, w and W"}
	}
	ring := o.RingTimeout
	if ring <= 0 {
		ring = 30 * time.Second
	}
	p := &api.CreateCallParams{}
	p.SetTo(string(o.To))
	p.SetFrom(string(o.From))
	p.SetUrl(k.address(pathVoice, o.Call) + overrides)
	p.SetMethod(http.MethodPost)
	p.SetStatusCallback(k.address(pathStatus, o.Call))
	p.SetStatusCallbackMethod(http.MethodPost)
	// A field per event: one field with spaces in it is one event that nobody knows.
	p.SetStatusCallbackEvent([]string{"initiated", "ringing", "answered", "completed"})
	p.SetTimeout(min(seconds(ring), 600)) // Twilio's most
	if o.TimeLimit > 0 {
		p.SetTimeLimit(seconds(o.TimeLimit))
	}
	if o.PostDial != "" {
		p.SetSendDigits(o.PostDial)
	} else if o.DetectMachine { // Twilio ignores it beside SendDigits
		// DetectMessageEnd would keep its word until the greeting is over, and send
		// one word only: the beep is found here, the first opinion is what we lack.
		p.SetMachineDetection("Enable")
		p.SetAsyncAmd("true")
		p.SetAsyncAmdStatusCallback(k.address(pathAMD, o.Call))
		p.SetAsyncAmdStatusCallbackMethod(http.MethodPost)
	}
	return p, nil
}

// seconds is d in whole seconds, rounded up: a positive time is never none.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

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
	p := &api.UpdateCallParams{}
	p.SetStatus(string(telephony.Completed))
	err := k.update(ctx, "hangup", ref, p)
	if over(err) {
		return nil
	}
	return err
}

// Recall implements [telephony.Carrier].
func (k *Carrier) Recall(ctx context.Context, ref telephony.Ref) error {
	p := &api.UpdateCallParams{}
	p.SetUrl(k.base + pathNext + overrides)
	p.SetMethod(http.MethodPost)
	err := k.update(ctx, "recall", ref, p)
	var e *Error
	if over(err) && errors.As(err, &e) {
		e.Err = telephony.ErrUnknownCall
	}
	return err
}

// update changes a call.
func (k *Carrier) update(ctx context.Context, op string, ref telephony.Ref, p *api.UpdateCallParams) error {
	account, err := k.ref(ctx, op, ref)
	if err != nil {
		return err
	}
	return k.do(ctx, op, account, func(s *api.ApiService) error {
		_, err := s.UpdateCall(ref.ID, p)
		return err
	})
}

// over reports whether Twilio says by err that a call is over.
func over(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == codeNotInProgress || e.Code == codeNotFound)
}

// State implements [telephony.Carrier]. Twilio's answer may lag behind its own
// callbacks, and its times are whole seconds. For a call that it does not know
// the error wraps [telephony.ErrUnknownCall].
func (k *Carrier) State(ctx context.Context, ref telephony.Ref) (telephony.Standing, error) {
	account, err := k.ref(ctx, "state", ref)
	if err != nil {
		return telephony.Standing{}, err
	}
	var call *api.ApiV2010Call
	err = k.do(ctx, "state", account, func(s *api.ApiService) (err error) {
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
	if s.State.Terminal() {
		s.Ended, s.Took = instant(text(call.EndTime)), span(text(call.Duration))
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

// span reads whole seconds, which Twilio writes as a string. What is none, or
// longer than any call, is 0.
func span(s string) time.Duration {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}
