package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"

	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/twilio"
)

// Names of a road's steps, in the order in which they depend on each other.
const (
	stepAccount     = "account"
	stepPublicURL   = "public_url"
	stepCertificate = "certificate"
	stepSignature   = "signature"
	stepWebsocket   = "websocket"
	stepNumber      = "number"
	stepSetting     = "setting"
)

// Road is the way from Twilio, or its simulation, to a gateway, as
// [Road.Prove] walks it. It is safe to paste what comes of it.
type Road struct {
	Carrier   *twilio.Carrier // asks about Account and Number. Required.
	PublicURL string          // that Twilio is to call. Required.
	Signer    twilio.Account  // whose signature is tried: one that the gateway knows. Required.
	TLS       *tls.Config     // of who goes to PublicURL; nil: the system's roots

	Account twilio.Account   // asked about, with its token
	Skip    string           // why neither Account nor Number is asked about; empty: they are
	Number  telephony.Number // looked for in Account; empty: none is
	Texts   bool             // texts to Number are to lead here, too
	Sells   bool             // the carrier has every number that is asked for: it is the simulated one

	// Who says whose a node is that answered at PublicURL, and whether that is
	// right. nil: every one that has Signer's token is.
	Who func(ctx context.Context, node string) (text string, right bool)
}

// Prove walks the whole way, for as long as ctx lasts, also behind a step that
// fails where that makes sense. It changes nothing.
func (r Road) Prove(ctx context.Context) (steps []v2.RoadStep, changes []v2.Drift) {
	var account, number []v2.RoadStep
	var asking sync.WaitGroup
	asking.Go(func() {
		if r.Skip != "" {
			account = []v2.RoadStep{told(stepAccount, "%s", r.Skip)}
			return
		}
		one := r.account(ctx)
		account = []v2.RoadStep{one}
		switch {
		case r.Number == "":
		case one.Failed():
			number = []v2.RoadStep{told(stepNumber, "not looked at: the account failed")}
		default:
			number, changes = r.number(ctx)
		}
	})
	way := r.way(ctx)
	asking.Wait()
	return append(append(account, way...), number...), changes
}

func held(name, format string, args ...any) v2.RoadStep {
	return v2.RoadStep{Name: name, OK: true, Text: fmt.Sprintf(format, args...)}
}

func told(name, format string, args ...any) v2.RoadStep {
	return v2.RoadStep{Name: name, Note: true, Text: fmt.Sprintf(format, args...)}
}

func failed(name, mend, format string, args ...any) v2.RoadStep {
	return v2.RoadStep{Name: name, Text: fmt.Sprintf(format, args...), Mend: mend}
}

// account asks whether SID and token fit together, and whether it may call.
func (r Road) account(ctx context.Context) v2.RoadStep {
	is, err := r.Carrier.Account(ctx, r.Account)
	name := maskSID(r.Account.SID)
	switch {
	case err != nil:
		return r.refused(stepAccount, "the account "+name+" can't be asked about", err)
	case is.Status != "active":
		return failed(stepAccount, "look at it in the Twilio console", "%s is %s: it carries no calls", name, is.Status)
	case is.Type == "Trial":
		return held(stepAccount, "%s is active, on trial: it calls numbers that it verified, and callers hear a notice first", name)
	case r.Sells:
		return held(stepAccount, "simulated, on this machine: no account is needed")
	}
	return held(stepAccount, "%s is active, and the token is its own", name)
}

// refused tells what the carrier said, without what it repeats of us.
func (r Road) refused(step, what string, err error) v2.RoadStep {
	var said *twilio.Error
	if !errors.As(err, &said) {
		return failed(step, "", "%s: %s", what, plainly(err))
	}
	switch {
	case said.Code != 0:
		what += fmt.Sprintf(": error %d", said.Code)
	case said.Status != 0:
		what += fmt.Sprintf(": HTTP %d", said.Status)
	}
	if said.Help == "no answer" { // it has no cure of its own
		return failed(step, "does this machine reach Twilio's REST interface? see twilio.api_base, twilio.edge and twilio.region", "%s: no answer", what)
	}
	if said.Err != nil && said.Help == "" {
		return failed(step, "", "%s: %s", what, plainly(said.Err))
	}
	return failed(step, said.Help, "%s", what)
}

// number looks for it in the account, and how it is set now.
func (r Road) number(ctx context.Context) ([]v2.RoadStep, []v2.Drift) {
	name := "the number " + ending(r.Number)
	owned, err := r.Carrier.Numbers().Find(ctx, r.Account, r.Number)
	switch {
	case errors.Is(err, twilio.ErrNoNumber) && r.Sells:
		return []v2.RoadStep{told(stepNumber, "%s is given out by the simulated carrier when it is linked", name)}, nil
	case errors.Is(err, twilio.ErrNoNumber):
		return []v2.RoadStep{failed(stepNumber, "check both; a sub-account's numbers need its own SID and token", "%s is none of the account's", name)}, nil
	case err != nil:
		return []v2.RoadStep{r.refused(stepNumber, name+" can't be asked about", err)}, nil
	case !owned.Voice:
		return []v2.RoadStep{failed(stepNumber, "take one with voice", "%s can't take calls", name)}, nil
	}
	steps := []v2.RoadStep{held(stepNumber, "%s is the account's, and does voice", name)}
	drift, err := r.Carrier.Numbers().Check(ctx, r.Account, owned.ID, r.Texts)
	if err != nil {
		return append(steps, r.refused(stepSetting, "how it is set can't be asked", err)), nil
	}
	var changes []v2.Drift
	for _, d := range drift {
		changes = append(changes, v2.Drift{Setting: d.Setting, Want: d.Want, Is: d.Is})
	}
	if len(changes) == 0 {
		return append(steps, held(stepSetting, "calls to it lead here")), nil
	}
	return append(steps, told(stepSetting, "%s at the carrier will change when it is linked", settings(len(changes)))), changes
}

func settings(n int) string {
	if n == 1 {
		return "1 setting"
	}
	return fmt.Sprintf("%d settings", n)
}

// plainly is what err says, without the package that says it.
func plainly(err error) string { return strings.TrimPrefix(err.Error(), "twilio: ") }

// maskSID is what may be shown of an account's SID.
func maskSID(sid string) string {
	if len(sid) < 6 {
		return "AC..."
	}
	return sid[:2] + "..." + sid[len(sid)-4:]
}

// ending is what may be shown of a number.
func ending(n telephony.Number) string {
	return "that ends in " + string(n[max(0, len(n)-2):])
}
