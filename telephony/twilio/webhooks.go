package twilio

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// voice answers a call that rings, or one of ours that was answered.
func (t *Trunk) voice(w http.ResponseWriter, r request) {
	from, ok := caller(r.form.Get("From"))
	to, fine := called(r.form.Get("To"))
	if !ok || !fine {
		t.refuse(w, r.Request, refusal{status: http.StatusBadRequest, reason: ReasonBadForm})
		return
	}
	again := withQuery(pathVoice, callParam, r.call)
	t.reply(w, r, func() (reply, bool) {
		step, err := t.desk.Ring(r.Context(), telephony.Incoming{
			Carrier: r.sid,
			Account: r.account,
			Call:    r.call,
			From:    from,
			To:      to,
			State:   stateOf(r.form.Get("CallStatus")),
		})
		if err == nil {
			return xmlReply(t.answer(step, r.account, again)), step.Kind != telephony.StepWait
		}
		if known, ok := t.knownError(r, err); ok {
			return known, false
		}
		t.failed(r, err)
		// Nothing is promised to this caller yet: a balancer may try another
		// node, and Twilio then asks the number's fallback address.
		return textReply(http.StatusServiceUnavailable), false
	})
}

// status takes the carrier's word about a call. Who answered is a word of its
// own to the desk, and comes first: after the last state nobody would listen.
func (t *Trunk) status(w http.ResponseWriter, r request) {
	p := telephony.Progress{
		Carrier:  r.sid,
		Account:  r.account,
		Call:     r.call,
		State:    stateOf(r.form.Get("CallStatus")),
		Sequence: numberOf(r.form.Get("SequenceNumber")),
		Duration: time.Duration(numberOf(r.form.Get("CallDuration"))) * time.Second,
		SIPCode:  numberOf(r.form.Get("SipResponseCode")),
	}
	words := []telephony.Progress{p}
	if by := r.form.Get("AnsweredBy"); by != "" {
		words = []telephony.Progress{{Carrier: r.sid, Account: r.account, Call: r.call, AnsweredBy: verdictOf(by)}, p}
	}
	t.report(w, r, words...)
}

// amd takes Twilio's verdict on who answered. It is counted, for it costs money;
// what to make of it is the desk's.
func (t *Trunk) amd(w http.ResponseWriter, r request) {
	by := verdictOf(r.form.Get("AnsweredBy"))
	t.c.Count(ReasonAnsweredBy + by)
	t.report(w, r, telephony.Progress{Carrier: r.sid, Account: r.account, Call: r.call, AnsweredBy: by})
}

// report tells the desk, and answers that it was told.
func (t *Trunk) report(w http.ResponseWriter, r request, words ...telephony.Progress) {
	for _, p := range words {
		err := t.desk.Report(r.Context(), p)
		switch {
		case err == nil:
		case errors.Is(err, telephony.ErrUnknownCall):
			// Asking again would not make it known.
			t.odd(r.Request, refusal{status: http.StatusNoContent, reason: ReasonUnknownCall})
			w.WriteHeader(http.StatusNoContent)
			return
		default:
			t.failed(r, err)
			textReply(http.StatusServiceUnavailable).write(w)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// knownError is the answer to the errors that are part of the desk's contract.
func (t *Trunk) knownError(r request, err error) (reply, bool) {
	switch {
	case errors.Is(err, telephony.ErrStillTalking):
		t.odd(r.Request, refusal{status: http.StatusConflict, reason: ReasonStillTalking})
		return textReply(http.StatusConflict), true
	case errors.Is(err, telephony.ErrUnknownCall):
		// The question is signed, so the call exists, but nobody here will
		// ever talk on it. Anything but a hang-up would leave a caller in
		// paid silence; and an error would play Twilio's "application error".
		t.odd(r.Request, refusal{status: http.StatusOK, reason: ReasonUnknownCall})
		return xmlReply(twiml(hangup{})), true
	}
	return reply{}, false
}

// failed records that the desk could not say what to do.
func (t *Trunk) failed(r request, err error) {
	t.c.Count(ReasonDeskFailed)
	t.c.Log.Error("twilio: the desk failed", "route", r.Pattern, "call", r.sid, "err", err)
}

// withQuery is path with id in its query, unless there is none.
func withQuery(path, name string, id telephony.CallID) string {
	if id == "" {
		return path
	}
	return path + "?" + url.Values{name: {string(id)}}.Encode()
}

// stateOf reads a CallStatus. A state that only webhooks know is translated, one
// that nobody knows is empty.
func stateOf(status string) telephony.State {
	switch s := telephony.State(status); s {
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

// verdictOf reads an AnsweredBy. What is none that Twilio documents is "other".
func verdictOf(by string) string {
	switch by {
	case "human", "fax", "unknown", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other":
		return by
	}
	return "other"
}

// numberOf reads a small count; what is none, or absurd, is 0.
func numberOf(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1e9 {
		return 0
	}
	return n
}
