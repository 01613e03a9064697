package twilio

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/telephony"
)

// deskTimeout bounds a question to the desk. Twilio gives up after 15 s.
const deskTimeout = 10 * time.Second

// media serves a stream's socket from the upgrade to the last message, in the
// server's own goroutine.
func (t *Trunk) media(w http.ResponseWriter, r *http.Request) {
	signature := r.Header.Get(signatureHeader)
	address := "ws" + strings.TrimPrefix(t.signedURL(r), "http") // wss when we are https
	switch {
	case signature == "":
		t.refuse(w, http.StatusForbidden, ReasonUnsigned)
		return
	case len(r.RequestURI) > maxURI:
		t.refuse(w, http.StatusRequestURITooLong, ReasonBodyTooBig)
		return
	case !t.validator.Valid(address, nil, signature):
		t.refuseSignature(w, address)
		return
	case !websocket.IsWebSocketUpgrade(r):
		t.refuse(w, http.StatusBadRequest, ReasonNotUpgrade)
		return
	case !t.streams.enter():
		t.refuse(w, http.StatusServiceUnavailable, ReasonClosed)
		return
	}
	defer t.streams.leave()
	conn, err := t.upgrader.Upgrade(w, r, nil) // answers the error itself
	if err != nil {
		t.c.Count(ReasonNotUpgrade)
		return
	}
	defer conn.Close()
	t.stream(conn, r.RemoteAddr)
}

// stream waits for the start message, admits the stream by its token and hands
// it to the desk.
func (t *Trunk) stream(conn *websocket.Conn, remote string) {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	place, dropped := t.pending.add(host, conn)
	if dropped {
		t.c.Count(ReasonPendingFull)
	}
	leg, err := Accept(conn, t.c.Leg)
	t.pending.remove(place)
	if err != nil {
		t.c.Log.Debug("twilio: a socket never became a stream", "err", err)
		return
	}
	call, err := t.admit(leg)
	if err != nil {
		t.c.Log.Warn("twilio: stream refused", "call", leg.start.CallSID, "err", err)
		leg.release(websocket.ClosePolicyViolation, time.Now().Add(t.c.Leg.Linger))
		return
	}
	defer leg.Hangup(context.Background()) // bounded by Linger
	switch err := t.desk.Talk(t.streams.ctx, call, leg); {
	case err == nil, errors.Is(err, telephony.ErrLost): // every far end that hangs up is a lost line first
	default:
		t.c.Log.Warn("twilio: conversation failed", "call", call.ID, "err", err)
	}
}

var (
	errNoToken      = errors.New("the stream has no token")
	errWrongAccount = errors.New("the stream is of another account")
)

// admit spends the stream's token.
func (t *Trunk) admit(leg *Leg) (telephony.Call, error) {
	start := leg.Start()
	token := start.Params[tokenParam]
	if start.AccountSID != t.c.AccountSID {
		t.c.Count(ReasonWrongAccount)
		return telephony.Call{}, errWrongAccount
	}
	if token == "" {
		t.c.Count(ReasonNoToken)
		return telephony.Call{}, errNoToken
	}
	ctx, cancel := context.WithTimeout(t.streams.ctx, deskTimeout)
	defer cancel()
	call, err := t.desk.Admit(ctx, token, start.CallSID)
	switch {
	case err == nil:
	case errors.Is(err, telephony.ErrToken):
		t.c.Count(ReasonBadToken)
	case errors.Is(err, telephony.ErrStillTalking):
		t.c.Count(ReasonStillTalking)
	default:
		t.c.Count(ReasonDeskFailed)
	}
	return call, err
}
