package twilio

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/telephony"
)

const (
	doorSegment = "door"
	maxDoor     = 8 << 10 // bytes: an access token fits in
)

// The parameters in which whoever wrote the TwiML may say who talks: a stream
// itself says no numbers.
const (
	fromParam = "from"
	toParam   = "to"
)

// foreign serves a stream of anybody's account. Nobody whom we know signs for it:
// the last segment of its address is its one credential, and is told to nobody
// but the desk.
func (t *Trunk) foreign(w http.ResponseWriter, r *http.Request) {
	door := r.PathValue(doorSegment)
	switch {
	case len(r.RequestURI) > maxDoor+len(pathForeign), len(door) > maxDoor:
		t.refuse(w, r, refusal{status: http.StatusRequestURITooLong, reason: ReasonBodyTooBig})
	case !printable(door, maxDoor):
		t.refuse(w, r, refusal{status: http.StatusBadRequest, reason: ReasonBadForm})
	case !websocket.IsWebSocketUpgrade(r):
		t.refuse(w, r, refusal{status: http.StatusBadRequest, reason: ReasonNotUpgrade})
	default:
		t.socket(w, r, func(conn net.Conn) { t.knock(conn, r, door) })
	}
}

// knock waits for the start message, asks the desk whether door opens, and hands
// it the stream.
func (t *Trunk) knock(conn net.Conn, r *http.Request, door string) {
	leg, err := t.started(conn, r, &t.strangers)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.streams.ctx, deskTimeout)
	call, err := t.desk.Enter(ctx, door, enteringOf(leg))
	cancel()
	if err != nil {
		t.turnAway(leg, r, reasonNotIn(err), err)
		return
	}
	leg.in.ration = newRation(time.Now())
	t.talk(leg, call)
}

// enteringOf is what a stream says of its call. What is no number is none.
func enteringOf(leg *Leg) telephony.Entering {
	start := leg.Start()
	in := telephony.Entering{Carrier: start.CallSID}
	if plain(start.AccountSID) {
		in.Account = start.AccountSID
	}
	if from := start.Params[fromParam]; e164.MatchString(from) {
		in.From = telephony.Number(from)
	}
	if to := start.Params[toParam]; e164.MatchString(to) {
		in.To = telephony.Number(to)
	}
	return in
}
