package twilio

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// What came of a dialled leg, in the query of an address at which a call that
// waits asks anew: Twilio tells it to the first request only.
const (
	dialledParam = "dialled"
	secondsParam = "seconds"
)

// next is the one door: what a call does when its stream is over, or when
// somebody else had it.
func (t *Trunk) next(w http.ResponseWriter, r request) {
	q := questionOf(r)
	again := askAgain(q)
	t.reply(w, r, func() (reply, bool) {
		step, err := t.desk.Next(r.Context(), q)
		if err == nil {
			if step.Kind == telephony.StepRefuse { // TwiML can only reject what was not answered
				step.Kind = telephony.StepHangup
			}
			return xmlReply(t.answer(step, r.account, again)), step.Kind != telephony.StepWait
		}
		if known, ok := t.knownError(r, err); ok {
			return known, false
		}
		t.failed(r, err)
		// The call is alive and its record can't be read: the caller waits,
		// nobody decides blindly.
		return xmlReply(t.answer(telephony.Step{Kind: telephony.StepWait}, r.account, again)), false
	})
}

// questionOf reads what a call asks at the door.
func questionOf(r request) telephony.Question {
	q := telephony.Question{
		Carrier:  r.sid,
		Account:  r.account,
		Over:     stateOf(r.form.Get("CallStatus")).Terminal(),
		Transfer: r.transfer,
	}
	if q.Transfer == "" {
		return q
	}
	status, seconds := r.form.Get("DialCallStatus"), r.form.Get("DialCallDuration")
	if status == "" { // it waited, and asks anew
		query := r.URL.Query()
		status, seconds = query.Get(dialledParam), query.Get(secondsParam)
	}
	q.Dialled = telephony.Dialled{
		State:    dialledState(status),
		Duration: time.Duration(numberOf(seconds)) * time.Second,
	}
	return q
}

// dialledState reads a DialCallStatus. Of a conference Twilio says answered
// where it says completed of a single call.
func dialledState(status string) telephony.State {
	if status == "answered" {
		return telephony.Completed
	}
	if s := telephony.State(status); s.Terminal() {
		return s
	}
	return ""
}

// askAgain is where a call that waits asks q anew.
func askAgain(q telephony.Question) string {
	if q.Transfer == "" {
		return pathNext
	}
	query := url.Values{transferParam: {string(q.Transfer)}}
	if q.Dialled.State != "" {
		query.Set(dialledParam, string(q.Dialled.State))
		query.Set(secondsParam, strconv.Itoa(int(q.Dialled.Duration/time.Second)))
	}
	return pathNext + "?" + query.Encode() // which sorts it
}
