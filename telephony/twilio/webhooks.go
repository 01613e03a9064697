package twilio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

const (
	signatureHeader = "X-Twilio-Signature"
	repeatHeader    = "I-Twilio-Idempotency-Token"
	callParam       = "call" // our own id of a call that we placed, in the query of its addresses

	maxForm = 64 << 10 // bytes; a real one has about 1,500
	maxURI  = 8 << 10
)

// request is a webhook whose signature was found right.
type request struct {
	*http.Request
	form url.Values
	sid  string           // CallSid
	call telephony.CallID // ours, if we placed it
	body []byte           // the form as it came
}

// form reads a POST's form, bounded, and lets it through only when it was
// signed, for this account and about a call.
func (t *Trunk) form(serve func(http.ResponseWriter, request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		signature := r.Header.Get(signatureHeader)
		if signature == "" {
			t.refuse(w, http.StatusForbidden, ReasonUnsigned)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
		var tooBig *http.MaxBytesError
		if errors.As(err, &tooBig) || len(r.RequestURI) > maxURI {
			t.refuse(w, http.StatusRequestEntityTooLarge, ReasonBodyTooBig)
			return
		}
		form, perr := url.ParseQuery(string(body))
		if err != nil || perr != nil {
			t.refuse(w, http.StatusBadRequest, ReasonBadForm)
			return
		}
		if address := t.signedURL(r); !t.validator.Valid(address, form, signature) {
			t.refuseSignature(w, address)
			return
		}
		if form.Get("AccountSid") != t.c.AccountSID {
			t.refuse(w, http.StatusForbidden, ReasonWrongAccount)
			return
		}
		if !plain(form.Get("CallSid")) {
			t.refuse(w, http.StatusBadRequest, ReasonBadForm)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), deskTimeout)
		defer cancel()
		serve(w, request{
			Request: r.WithContext(ctx),
			form:    form,
			sid:     form.Get("CallSid"),
			call:    telephony.CallID(r.URL.Query().Get(callParam)),
			body:    body,
		})
	}
}

// signedURL is the address as Twilio knows it: ours to the public, with path
// and query exactly as they were sent.
func (t *Trunk) signedURL(r *http.Request) string {
	uri := r.RequestURI
	if !strings.HasPrefix(uri, "/") { // a proxy may send the absolute form
		uri = r.URL.RequestURI()
	}
	return t.base + uri
}

// voice answers a call that rings, or one of ours that was answered.
func (t *Trunk) voice(w http.ResponseWriter, r request) {
	again := pathVoice
	if r.call != "" {
		again += "?" + url.Values{callParam: {string(r.call)}}.Encode()
	}
	t.reply(w, r, func() (reply, bool) {
		step, err := t.desk.Ring(r.Context(), telephony.Incoming{
			Carrier: r.sid,
			Call:    r.call,
			From:    telephony.Number(r.form.Get("From")),
			To:      telephony.Number(r.form.Get("To")),
			State:   stateOf(r.form),
		})
		if err == nil {
			return xmlReply(t.answer(step, again)), step.Kind != telephony.StepWait
		}
		if known, ok := t.knownError(err); ok {
			return known, false
		}
		t.failed(r, err)
		// Nothing is promised to this caller yet: a balancer may try another
		// node, and Twilio then asks the number's fallback address.
		return textReply(http.StatusServiceUnavailable), false
	})
}

// next is the one door: what a call does when its stream is over.
func (t *Trunk) next(w http.ResponseWriter, r request) {
	t.reply(w, r, func() (reply, bool) {
		step, err := t.desk.Next(r.Context(), telephony.Question{Carrier: r.sid, Over: stateOf(r.form).Terminal()})
		if err == nil {
			if step.Kind == telephony.StepRefuse { // TwiML can only reject what was not answered
				step.Kind = telephony.StepHangup
			}
			return xmlReply(t.answer(step, pathNext)), step.Kind != telephony.StepWait
		}
		if known, ok := t.knownError(err); ok {
			return known, false
		}
		t.failed(r, err)
		// The call is alive and its record can't be read: the caller waits,
		// nobody decides blindly.
		return xmlReply(t.answer(telephony.Step{Kind: telephony.StepWait}, pathNext)), false
	})
}

// knownError is the answer to the errors that are part of the desk's contract.
func (t *Trunk) knownError(err error) (reply, bool) {
	switch {
	case errors.Is(err, telephony.ErrStillTalking):
		t.c.Count(ReasonStillTalking)
		return textReply(http.StatusConflict), true
	case errors.Is(err, telephony.ErrUnknownCall):
		// The question is signed, so the call exists, but nobody here will
		// ever talk on it. Anything but a hang-up would leave a caller in
		// paid silence; and an error would play Twilio's "application error".
		t.c.Count(ReasonUnknownCall)
		return xmlReply(twiml(hangup{})), true
	}
	return reply{}, false
}

// status takes the carrier's word about a call.
func (t *Trunk) status(w http.ResponseWriter, r request) {
	err := t.desk.Report(r.Context(), telephony.Progress{
		Carrier:  r.sid,
		Call:     r.call,
		State:    stateOf(r.form),
		Sequence: numberOf(r.form, "SequenceNumber"),
		Duration: time.Duration(numberOf(r.form, "CallDuration")) * time.Second,
		SIPCode:  numberOf(r.form, "SipResponseCode"),
	})
	switch {
	case errors.Is(err, telephony.ErrUnknownCall):
		t.c.Count(ReasonUnknownCall) // asking again would not make it known
	case err != nil:
		t.failed(r, err)
		textReply(http.StatusServiceUnavailable).write(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// amd takes Twilio's verdict on who answered. It is counted, for it costs money;
// who answered is for the gateway itself to find out.
func (t *Trunk) amd(w http.ResponseWriter, r request) {
	by := r.form.Get("AnsweredBy")
	switch by {
	case "human", "fax", "unknown", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other":
	default:
		by = "other"
	}
	t.c.Count(ReasonAnsweredBy + by)
	w.WriteHeader(http.StatusNoContent)
}

// failed records that the desk could not say what to do.
func (t *Trunk) failed(r request, err error) {
	t.c.Count(ReasonDeskFailed)
	t.c.Log.Error("twilio: the desk failed", "path", r.URL.Path, "call", r.sid, "err", err)
}

// stateOf reads CallStatus. A state that only webhooks know is translated, one
// that nobody knows is empty.
func stateOf(form url.Values) telephony.State {
	switch s := telephony.State(form.Get("CallStatus")); s {
	case "initiated": // it left the queue and is being dialled
		return telephony.Queued
	case telephony.Queued, telephony.Ringing, telephony.InProgress:
		return s
	default:
		if s.Terminal() {
			return s
		}
		return ""
	}
}

// numberOf reads a small count; what is none, or absurd, is 0.
func numberOf(form url.Values, name string) int {
	n, err := strconv.Atoi(form.Get(name))
	if err != nil || n < 0 || n > 1e9 {
		return 0
	}
	return n
}
