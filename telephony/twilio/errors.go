package twilio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"

	"github.com/hookswitch/hookswitch/telephony"
)

// Error is a failed request to Twilio's REST interface, in a form that a caller
// can act on. Its text holds neither credentials nor phone numbers; Twilio's
// own text may hold both and is left out.
type Error struct {
	Op     string        // "dial", "hangup", "recall", "state", "search", "find", "link", "unlink", "check", "account", "text" or "texts"
	Code   int           // Twilio's error code; 0 if it gave none
	Status int           // of HTTP; 0 if there was no answer
	Retry  bool          // the request was not carried out, or may be repeated without harm
	After  time.Duration // that Twilio asks to wait before; 0: it does not say
	Help   string        // what happened and what to do about it; may be empty
	Err    error         // what it means for us, or why there was no answer; may be nil
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

// Errors about a number; they are the Err of an [*Error].
var (
	ErrNoNumber  = errors.New("the account does not have this number: check both, or buy it at Twilio")
	ErrNoVoice   = errors.New("the number can't take calls: it needs one with voice")
	ErrElsewhere = errors.New("the number does not lead here any more: it was left as it is")
)

// Codes of https://www.twilio.com/docs/api/errors that the gateway acts on.
const (
	codeNotFound      = 20404
	codeTooMany       = 20429
	codeNotInProgress = 21220
	codeApplication   = 21420
)

// help says what to do about a code.
var help = map[int]string{
	10001:             "the account is not active: look at its status in the Twilio console",
	10002:             "a trial account can't do this: upgrade the account",
	10004:             "too many calls at once for this account: wait for some to end, or have the limit raised",
	13224:             "the number to call can't be reached by Twilio, or does not exist: check it, with + and the country code",
	20003:             "the account SID and the auth token do not fit together: check both (an auth token of a subaccount belongs to its own SID)",
	20005:             "the account is not active: look at its status in the Twilio console",
	20008:             "these are test credentials, which can't do this: use the account's live ones",
	codeNotFound:      "Twilio does not know it, or not in this account",
	codeTooMany:       "too many requests at once: try again in a moment",
	21201:             "there is no number to call",
	21205:             "Twilio can't use our public URL: it must be https and reachable from the internet",
	21210:             "the calling number is not one of the account's: buy or verify it",
	21211:             "the number to call is not valid: write + and the country code first",
	21212:             "the calling number is not valid: use one that the account owns, with + and the country code",
	21213:             "there is no calling number: give one that the account owns",
	21214:             "the number to call can't be reached: check it",
	21215:             "the account may not call this country: allow it under Voice geographic permissions in the Twilio console",
	21216:             "Twilio blocks calls to this number, for risk of fraud or by regulation: for +1 create a Primary Customer Profile, else ask Twilio's support",
	21217:             "the number to call does not seem to exist: check it, with + and the country code",
	21219:             "a trial account may only call verified numbers: verify this one, or upgrade the account",
	codeNotInProgress: "the call is not in progress",
	21222:             "the account SID has characters that it can't have",
	21224:             "the auth token has characters that it can't have",
	21402:             "Twilio can't use our public URL for a number: it must be https and reachable from the internet",
	21403:             "Twilio refused a setting of the number: look at the number in the Twilio console",
	21405:             "Twilio keeps no fallback for a number that has no voice address: give it one in the Twilio console",
	codeApplication:   "the voice application that the number had is not the account's any more: choose another one in the Twilio console",
	22005:             "more calls are queued than Twilio places in 24 hours: dial fewer, or have the calls per second raised",
}

// helpFor says what to do about a code of an answer to op.
func helpFor(op string, code int) string {
	if text := textHelp[code]; text != "" && op == opSend {
		return text
	}
	return help[code]
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
	e.Help = helpFor(op, e.Code)
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
	if e.Code == codeNotFound {
		e.Err = unknown(op)
	}
	e.Retry = retry(e)
	return e
}

// unknown is what it means for op that Twilio does not know what it is about.
// For the rest it is the account, and the help says so.
func unknown(op string) error {
	switch op {
	case "hangup", "recall", "state":
		return telephony.ErrUnknownCall
	case "link", "unlink", "check":
		return ErrNoNumber
	}
	return nil
}

// tooMany reports whether Twilio did not take a request because there were too
// many at once. It documents that such a one was not processed.
func (e *Error) tooMany() bool {
	return e.Status == http.StatusTooManyRequests || e.Code == codeTooMany
}

// retry says whether e's request may be sent again. To dial twice is worse than
// not at all, a text that comes twice is a nuisance, and a call that is recalled
// twice loses the stream that it just got; so those only count as not done when
// they surely were not.
func retry(e *Error) bool {
	if e.tooMany() {
		return true
	}
	var op *net.OpError
	if errors.As(e.Err, &op) && op.Op == "dial" {
		return true // never left this machine
	}
	if e.Op == "dial" || e.Op == "recall" || e.Op == opSend || errors.Is(e.Err, context.Canceled) {
		return false
	}
	return e.Status == 0 && e.Code == 0 || e.Status >= 500
}

// isTimeout reports whether err is that the time was over.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// cause strips the request's address, which names the account, from err.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
