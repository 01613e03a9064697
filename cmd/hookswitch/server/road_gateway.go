package server

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// roads proves the way to this very gateway. It implements [v2.Road].
type roads struct{ s *Server }

var _ v2.Road = roads{}

// freshBeat is how long ago another node may have shown that it lives; it does
// so every second.
const freshBeat = 10 * time.Second

// Prove implements [v2.Road].
func (g roads) Prove(ctx context.Context, about v2.RoadQuestion) (v2.RoadProof, error) {
	own := OwnAccount(g.s.c)
	proof := v2.RoadProof{Carrier: g.s.c.Carrier}
	r := Road{Carrier: g.s.rest, PublicURL: g.s.public, Signer: own, Account: own, Sells: g.s.sim != nil, Who: g.who}
	if r.Sells {
		r.TLS = trusting(g.s.tls())
	}
	switch kept := about.Kept; {
	case kept != nil && kept.Provider != roster.Twilio:
		r.Skip = "only numbers at Twilio can be looked at"
	case kept != nil:
		a, err := (lines{g.s}).of(*kept)
		if err != nil {
			return proof, err
		}
		if a.SID != "" {
			r.Account = a
		}
		if a.SID != "" && kept.CarrierID != "" { // proved: its signature lets calls in
			r.Signer = a
		}
		r.Number = telephony.Number(kept.Number)
	case r.Sells:
		r.Number = telephony.Number(about.Number)
	case about.Workspace != roster.Default, about.Account != "" && about.Account != own.SID:
		// The gateway's own account is nobody else's business.
		r.Skip = "asked about once the gateway has the number, with its account's credentials"
	default:
		r.Number = telephony.Number(about.Number)
	}
	var err error
	if r.Texts, err = g.s.takesTexts(ctx, about.Workspace, string(r.Number)); err != nil {
		return proof, err
	}
	proof.Steps, proof.Changes = r.Prove(ctx)
	return proof, nil
}

// who says whether a node is this process, or one that lives and shares the
// records, as behind a balancer.
func (g roads) who(ctx context.Context, node string) (string, bool) {
	if node == g.s.node {
		return "this gateway", true
	}
	alive, err := g.s.store.Alive(ctx, node, time.Now().Add(-freshBeat))
	if err == nil && node != "" && alive {
		return "a gateway beside this one, on the same records", true
	}
	return "another gateway, or an older process of this one", false
}

// OwnAccount is the account of the settings; with the simulated carrier, its.
func OwnAccount(c config.Config) twilio.Account {
	if c.Carrier == "sim" {
		return twilio.Account{SID: SimAccount, Token: SimToken}
	}
	return twilio.Account{SID: c.Twilio.AccountSID, Token: c.Twilio.AuthToken, Edge: c.Twilio.Edge, Region: c.Twilio.Region}
}
