package main

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// roadTime is how long the whole road may take, and whoever is here before.
const roadTime = 25 * time.Second

// road walks the road from Twilio with the settings' account, if that is the
// carrier. Nothing is changed, there or here.
func road(ctx context.Context, c config.Config) []finding {
	if c.Carrier != "twilio" {
		return nil
	}
	ctx, stop := context.WithTimeout(ctx, roadTime)
	defer stop()
	own := server.OwnAccount(c)
	carrier, err := twilio.NewCarrier(twilio.Config{AccountSID: own.SID, AuthToken: own.Token, Edge: own.Edge, Region: own.Region, PublicURL: c.PublicURL, FallbackURL: c.Twilio.Fallback, APIBase: c.Twilio.APIBase})
	if err != nil {
		return []finding{{State: fails, Name: "carrier", Text: err.Error(), Mend: "see the settings: hookswitch config show"}}
	}
	here := lookHere(ctx, c, own)
	steps, _ := server.Road{Carrier: carrier, PublicURL: c.PublicURL, Signer: own, Account: own, Who: here.who}.Prove(ctx)
	var all []finding
	for _, s := range steps {
		f := findingOf(s)
		if f.State == fails && s.Name == "public_url" && !here.serves {
			f.State, f.Text, f.Mend = noted, "no gateway serves on this machine, and "+f.Text, "start it, and ask again: hookswitch serve"
		}
		all = append(all, f)
	}
	return all
}

// onThisMachine is the gateway that serves here, if there is one.
type onThisMachine struct {
	serves bool
	node   string // empty: it did not tell
	others bool   // it did not, for it has another account, token or public URL than the settings
}

// lookHere asks the process on this machine itself who it is, as if it had been
// asked by way of the public URL. Its certificate names the public host: it
// proves nothing about loopback.
func lookHere(ctx context.Context, c config.Config, own twilio.Account) onThisMachine {
	if alive(ctx, c) != nil {
		return onThisMachine{}
	}
	at, err := loopback(c)
	if err != nil {
		return onThisMachine{}
	}
	found, err := twilio.Probe(ctx, twilio.ProbeConfig{PublicURL: c.PublicURL, At: at, AccountSID: own.SID, Token: own.Token,
		TLS: &tls.Config{InsecureSkipVerify: true}, Timeout: 3 * time.Second})
	return onThisMachine{serves: true, node: found.Node, others: errors.Is(err, twilio.ErrProbeSignature) || errors.Is(err, twilio.ErrProbeStranger)}
}

// who says whose a node is that answered at the public URL.
func (h onThisMachine) who(_ context.Context, node string) (string, bool) {
	switch {
	case !h.serves:
		return "a gateway with these settings; none serves on this machine to compare it with", true
	case h.node == "" && !h.others:
		return "a gateway with these settings; the one on this machine can't be compared with it", true
	case h.node == "":
		return "not the gateway that serves on this machine, which has other settings than these", false
	case h.node != node:
		return "another process than the one on this machine (behind a balancer that may be right)", false
	}
	return "the gateway on this machine", true
}
