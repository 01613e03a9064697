package twilio

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/telephony/ws"
)

// Probe's questions, in the query of the address, where Twilio's own GETs have
// their fields too.
const (
	nonceParam = "nonce" // letters and digits; the answer proves that it was made for this one

	maxEcho     = 256 // bytes of the one message that a probe's socket takes
	probeEnds   = 5 * time.Second
	maxProbeSay = 4 << 10 // bytes of an answer, which has about 150
)

// probeAnswer is what the gateway says to a probe.
type probeAnswer struct {
	Node  string `json:"node,omitempty"`
	Proof string `json:"proof,omitempty"`

	// SignedFor says, to a probe whose signature does not fit, which address
	// would have: the gateway's public URL is another one than the probe's.
	SignedFor string `json:"signed_for,omitempty"`
}

// probe answers whoever holds an account's token and wants to know whether the
// public URL leads to this very process, and whether a websocket comes through.
func (t *Trunk) probe(w http.ResponseWriter, r *http.Request) {
	sid := cmp.Or(r.URL.Query().Get(accountField), t.c.AccountSID)
	if websocket.IsWebSocketUpgrade(r) {
		t.probeSocket(w, r, sid)
		return
	}
	if len(r.RequestURI) > maxURI {
		t.refuse(w, r, refusal{status: http.StatusRequestURITooLong, reason: ReasonBodyTooBig})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), deskTimeout)
	defer cancel()
	no := t.vouch(ctx, r, sid, t.signedURLs(r), nil)
	if no != nil && no.reason == ReasonBadSignature {
		t.odd(r, *no)
		t.sayProbe(w, no.status, probeAnswer{SignedFor: t.base + pathProbe})
		return
	}
	nonce := r.URL.Query().Get(nonceParam)
	if no == nil && !plain(nonce) {
		no = &refusal{status: http.StatusBadRequest, reason: ReasonBadForm}
	}
	if no != nil {
		t.refuse(w, r, *no)
		return
	}
	token, no := t.tokenOf(ctx, sid)
	if no != nil {
		t.refuse(w, r, *no)
		return
	}
	t.c.Count(ReasonProbed)
	t.sayProbe(w, http.StatusOK, probeAnswer{Node: t.c.Node, Proof: proofOf(token, nonce)})
}

// tokenOf is the token under which account sid proves who it is.
func (t *Trunk) tokenOf(ctx context.Context, sid string) (string, *refusal) {
	if sid == t.c.AccountSID {
		return t.c.AuthToken, nil
	}
	a, err := t.other(ctx, sid)
	if err != nil {
		return "", &refusal{status: http.StatusServiceUnavailable, reason: ReasonAccountsFailed, err: err}
	}
	return a.Token, nil
}

// proofOf shows that whoever answers nonce has the token.
func proofOf(token, nonce string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(nonce))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (t *Trunk) sayProbe(w http.ResponseWriter, status int, a probeAnswer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(a) // a client that is gone is no concern of ours
}

// probeSocket says one short message back and closes. The socket takes a place
// among those that have shown nothing yet, so that probes can't pile up either.
func (t *Trunk) probeSocket(w http.ResponseWriter, r *http.Request, sid string) {
	t.signedSocket(w, r, sid, func(conn net.Conn) {
		place, dropped := t.pending.add(hostOf(r), conn)
		defer t.pending.remove(place)
		if dropped {
			t.odd(r, refusal{reason: ReasonPendingFull})
		}
		switch err := echoOnce(conn); {
		case err == nil:
			t.c.Count(ReasonProbed)
		case errors.Is(err, ws.ErrTooBig):
			t.odd(r, refusal{reason: ReasonBodyTooBig, err: err})
		default:
			t.odd(r, refusal{reason: ReasonNoStart, err: err})
		}
	})
}

// echoOnce sends the first message back, all within about probeEnds.
func echoOnce(conn net.Conn) error {
	end := time.Now().Add(probeEnds)
	c := ws.New(conn, ws.Config{Limit: maxEcho, WriteTimeout: probeEnds})
	c.SetReadDeadline(end)
	kind, text, err := c.Next()
	if err != nil {
		return err
	}
	if err := c.Send(kind, append(make([]byte, ws.Head), text...)); err != nil {
		return err
	}
	return c.WriteClose(ws.Normal, "", end)
}
