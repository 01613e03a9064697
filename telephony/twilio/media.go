package twilio

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/ws"
)

// deskTimeout bounds a question to the desk. Twilio gives up after 15 s.
const deskTimeout = 10 * time.Second

// media serves a stream's socket from the upgrade to the last message. The
// upgrade names no account, so the path does.
func (t *Trunk) media(w http.ResponseWriter, r *http.Request) {
	sid := cmp.Or(r.PathValue(accountSegment), t.c.AccountSID)
	t.signedSocket(w, r, sid, func(conn net.Conn) { t.stream(conn, r, sid) })
}

// signedSocket is socket for an upgrade that account sid signed.
func (t *Trunk) signedSocket(w http.ResponseWriter, r *http.Request, sid string, serve func(net.Conn)) {
	if no := t.vouchSocket(r, sid); no != nil {
		t.refuse(w, r, *no)
		return
	}
	t.socket(w, r, serve)
}

// socket opens a socket, and closes it when serve returns. That is in a goroutine
// of its own, for which Wait and Close wait: the server's would keep the request,
// its buffers and a large stack for as long as the call lasts: nearly 20 KB.
func (t *Trunk) socket(w http.ResponseWriter, r *http.Request, serve func(net.Conn)) {
	if !t.streams.enter() {
		t.refuse(w, r, refusal{status: http.StatusServiceUnavailable, reason: ReasonClosed})
		return
	}
	upgraded, err := t.upgrader.Upgrade(w, r, nil) // answers the error itself
	if err != nil {
		t.streams.leave()
		t.odd(r, refusal{status: http.StatusBadRequest, reason: ReasonNotUpgrade})
		return
	}
	go t.serve(upgraded.NetConn(), serve)
}

// serve serves a socket that was opened. Nothing waits in gorilla's buffers: it
// refuses a client that says anything before it has the answer, and reads only
// when it is asked to.
func (t *Trunk) serve(conn net.Conn, serve func(net.Conn)) {
	defer t.streams.leave()
	defer conn.Close()
	defer func() { // as the server does for its own goroutines: one call's mistake is not to end all of them
		if fault := recover(); fault != nil {
			t.c.Log.Error("twilio: a stream's goroutine panicked", "fault", fault, "stack", string(debug.Stack()))
		}
	}()
	serve(conn)
}

// vouchSocket checks that account sid signed an upgrade.
func (t *Trunk) vouchSocket(r *http.Request, sid string) *refusal {
	if len(r.RequestURI) > maxURI {
		return &refusal{status: http.StatusRequestURITooLong, reason: ReasonBodyTooBig}
	}
	ctx, cancel := context.WithTimeout(r.Context(), deskTimeout)
	defer cancel()
	if no := t.vouch(ctx, r, sid, t.socketURLs(r), nil); no != nil {
		return no
	}
	if !websocket.IsWebSocketUpgrade(r) {
		return &refusal{status: http.StatusBadRequest, reason: ReasonNotUpgrade}
	}
	return nil
}

// stream waits for the start message, admits the stream by its token and hands
// it to the desk. One with the other side's track, too, is there to listen.
func (t *Trunk) stream(conn net.Conn, r *http.Request, sid string) {
	leg, err := t.started(conn, r, &t.pending)
	if err != nil {
		return
	}
	if isEar(leg.Start()) {
		t.listen(leg, r, sid)
		return
	}
	call, reason, err := t.admit(leg, sid, t.desk.Admit)
	if err != nil {
		t.turnAway(leg, r, reason, err)
		return
	}
	t.talk(leg, call)
}

// turnAway closes the stream of somebody who is not let in.
func (t *Trunk) turnAway(leg *Leg, r *http.Request, reason string, err error) {
	t.odd(r, refusal{reason: reason, err: err})
	leg.release(ws.PolicyViolation, time.Now().Add(t.c.Leg.Linger))
}

// talk hands a stream that was let in to the desk.
func (t *Trunk) talk(leg *Leg, call telephony.Call) {
	defer leg.Hangup(context.Background()) // bounded by Linger
	switch err := t.desk.Talk(t.streams.ctx, call, leg); {
	case err == nil, errors.Is(err, telephony.ErrLost): // every far end that hangs up is a lost line first
	default:
		t.c.Log.Warn("twilio: conversation failed", "call", call.ID, "err", err)
	}
}

// started waits for the start message, in one of the places for those who have
// shown nothing yet. That it never came is told, not returned to be told.
func (t *Trunk) started(conn net.Conn, r *http.Request, places *pending) (*Leg, error) {
	place, dropped := places.add(hostOf(r), conn)
	if dropped {
		t.odd(r, refusal{reason: ReasonPendingFull})
	}
	leg, err := Accept(conn, t.c.Leg)
	places.remove(place)
	switch {
	case err == nil:
	case errors.Is(err, errFormat):
		t.tell(r, refusal{reason: ReasonBadFormat, err: err}) // Accept counted it
	default:
		t.tell(r, refusal{reason: ReasonNoStart, err: err})
	}
	return leg, err
}

// hostOf is the address of whoever sent r, without its port.
func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

var (
	errNoToken      = errors.New("the stream has no token")
	errWrongAccount = errors.New("the stream is of another account")
)

// admit spends the token of a stream that account sid signed for, by spend. With
// an error goes the reason under which it is counted.
func (t *Trunk) admit(leg *Leg, sid string, spend func(context.Context, string, telephony.Ref) (telephony.Call, error)) (call telephony.Call, reason string, err error) {
	start := leg.Start()
	token := start.Params[tokenParam]
	if start.AccountSID != sid {
		return call, ReasonWrongAccount, errWrongAccount
	}
	if token == "" {
		return call, ReasonNoToken, errNoToken
	}
	ctx, cancel := context.WithTimeout(t.streams.ctx, deskTimeout)
	defer cancel()
	call, err = spend(ctx, token, telephony.Ref{Account: t.accountOf(sid), ID: start.CallSID})
	return call, reasonNotIn(err), err
}

// reasonNotIn is why the desk does not let a stream in.
func reasonNotIn(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, telephony.ErrToken):
		return ReasonBadToken
	case errors.Is(err, telephony.ErrStillTalking):
		return ReasonStillTalking
	}
	return ReasonDeskFailed
}
