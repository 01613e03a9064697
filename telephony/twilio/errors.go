package twilio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/twilio/twilio-go/client"

	"github.com/hookswitch/hookswitch/telephony"
)

// Error is a failed request to Twilio's REST interface, in a form that a caller
// can act on. Its text holds neither credentials nor phone numbers; Twilio's
// own text may hold both and is left out.
type Error struct {
	Op     string // "dial", "hangup" or "state"
	Code   int    // Twilio's error code; 0 if it gave none
	Status int    // of HTTP; 0 if there was no answer
	Retry  bool   // the request was not carried out, or may be repeated without harm
	Help   string // what happened and what to do about it; may be empty
	Err    error  // why there was no answer; nil if Twilio gave one
}

// Error implements the error interface.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("twilio: " + e.Op)
	if e.Code != 0 {
		fmt.Fprintf(&b, ": error %d", e.Code)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.Status)
	}
	if e.Help != "" {
		b.WriteString(": " + e.Help)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Codes of https://www.twilio.com/docs/api/errors that the gateway acts on.
const (
	codeNotFound      = 20404
	codeTooMany       = 20429
	codeNotInProgress = 21220
)

// help says what to do about a code.
var help = map[int]string{
	10001:             "the account is not active: look at its status in the Twilio console",
	10004:             "too many calls at once for this account: wait for some to end, or have the limit raised",
	20003:             "the account SID and the auth token do not fit together: check both (an auth token of a subaccount belongs to its own SID)",
	codeNotFound:      "Twilio does not know this call, or the account",
	codeTooMany:       "too many requests at once: try again in a moment",
	21205:             "Twilio can't use our public URL: it must be https and reachable from the internet",
	21210:             "the calling number is not one of the account's: buy or verify it",
	21211:             "the number to call is not valid: write + and the country code first",
	21212:             "the calling number is not valid: use one that the account owns, with + and the country code",
	21215:             "the account may not call this country: allow it under Voice geographic permissions in the Twilio console",
	21219:             "a trial account may only call verified numbers: verify this one, or upgrade the account",
	codeNotInProgress: "the call is not in progress",
	21222:             "the account SID has characters that it can't have",
	21224:             "the auth token has characters that it can't have",
	22005:             "more calls are queued than Twilio places in 24 hours: dial fewer, or have the calls per second raised",
}

// newError makes sense of what twilio-go returned. status is 0 without answer.
func newError(op string, status int, err error) *Error {
	e := &Error{Op: op, Status: status}
	var rest *client.TwilioRestError
	if errors.As(err, &rest) {
		e.Code = rest.Code
		if e.Status == 0 {
			e.Status = rest.Status // refused by twilio-go itself, before it was sent
		}
	}
	e.Help = help[e.Code]
	switch {
	case e.Help != "":
	case e.Code != 0:
		e.Help = fmt.Sprintf("see https://www.twilio.com/docs/errors/%d", e.Code)
	case e.Status >= 500:
		e.Help = "Twilio has a fault of its own"
	case e.Status != 0:
		e.Help = "the answer is none that Twilio gives: check the address of its REST interface"
	default:
		e.Help, e.Err = "no answer", cause(err)
	}
	if e.Code == codeNotFound && op != "dial" {
		e.Err = telephony.ErrUnknownCall
	}
	e.Retry = retry(e)
	return e
}

// retry says whether e's request may be sent again. To dial twice is worse than
// not at all, so a dial only counts as not done when it surely was not.
func retry(e *Error) bool {
	if e.Status == http.StatusTooManyRequests || e.Code == codeTooMany {
		return true // Twilio documents that it was not processed
	}
	var op *net.OpError
	if errors.As(e.Err, &op) && op.Op == "dial" {
		return true // never left this machine
	}
	if e.Op == "dial" || errors.Is(e.Err, context.Canceled) {
		return false
	}
	return e.Status == 0 && e.Err != nil && !errors.Is(e.Err, telephony.ErrUnknownCall) || e.Status >= 500
}

// cause strips the request's address, which names the account, from err.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
