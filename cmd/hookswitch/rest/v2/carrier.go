package v2

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// Road proves the way on which a carrier's calls come in, before the first one
// does.
type Road interface {
	// Prove walks the way, for as long as ctx lasts, and changes nothing. What is
	// wrong is in the steps; an error is the gateway's own.
	Prove(ctx context.Context, about RoadQuestion) (RoadProof, error)
}

// RoadQuestion says whose way it is.
type RoadQuestion struct {
	Workspace string
	Kept      *roster.Number // the number that it is about; nil: none, or one that is not kept
	Number    string         // E.164, of one that is not kept; empty: none
	Account   string         // SID of who has Number, as the client says; empty: the gateway's own
}

// RoadProof is how far the way is good.
type RoadProof struct {
	Carrier string     `json:"carrier" enum:"sim,twilio" doc:"Who carries calls: sim is the carrier that is built in."`
	Steps   []RoadStep `json:"steps" doc:"In the order in which they depend on each other."`
	Changes []Drift    `json:"changes" doc:"What linking the number would change at the carrier."`
}

// RoadStep is one thing that has to hold. Its texts hold no phone number but the
// last two digits of one, no SID in full and no token.
type RoadStep struct {
	Name string `json:"name" enum:"account,public_url,certificate,signature,websocket,number,setting"`
	OK   bool   `json:"ok" doc:"It holds."`
	Note bool   `json:"note" doc:"It neither holds nor fails: it was not looked at, or it is only told."`
	Text string `json:"text" doc:"What was found."`
	Mend string `json:"mend,omitempty" doc:"What to do about it."`
}

// Failed reports whether s was looked at and does not hold.
func (s RoadStep) Failed() bool { return !s.OK && !s.Note }

// Holds reports whether no step failed.
func (p RoadProof) Holds() bool { return !slices.ContainsFunc(p.Steps, RoadStep.Failed) }

type roadAnswer struct {
	Success bool `json:"success" doc:"The way was walked; see ok of the item and of its steps."`
	Item    struct {
		OK bool `json:"ok" doc:"No step failed."`
		RoadProof
	} `json:"item"`
}

type roadBody struct {
	ID      *int64  `json:"phone_number_id" required:"false" doc:"A number of the workspace: it is looked at with the credentials that it came with."`
	Number  *string `json:"phone_number" required:"false" doc:"E.164; one that may not be in the workspace yet. The gateway's own account is asked, and only for the workspace that runs the gateway."`
	Account *string `json:"twilio_account_sid" required:"false" doc:"Whose phone_number is, if it is not in the workspace yet. Another account than the gateway's own is not asked: its credentials come with the number."`
}

const (
	roadTime = 25 * time.Second // the whole way: less than a client waits for an answer
	roadName = "the way to the carrier"
)

// roads registers what is asked of the way to the carrier.
func (a *API) roads() {
	if a.Road == nil {
		return
	}
	handle(a, operation{ID: "check-carrier", Method: http.MethodPost, Path: "/carrier/check", Tag: tagNumbers, Thing: "Phone number",
		Summary: "Prove the way from the carrier", Scope: roster.NumbersRead, Fail: "Failed to check the carrier", Errors: []int{http.StatusConflict, http.StatusNotFound},
		About: "Asks the carrier about the account, goes to the public URL as the carrier would, with a signed request and a signed websocket, " +
			"and looks whether it is this very gateway that answers. With a number it also tells what linking it would change. " +
			"Nothing is changed, and one check runs at a time. What fails is told in the steps; the answer's status is 200 all the same.",
		Body: roadBody{}, Optional: true, Example: `{"phone_number_id":1}`,
		Answer: `{"success":true,"item":{"ok":false,"carrier":"twilio","steps":[{"name":"account","ok":true,"note":false,"text":"AC...7f2c is active"},` +
			`{"name":"public_url","ok":false,"note":false,"text":"nothing answers at the public URL","mend":"does a proxy or a tunnel lead from there to the gateway?"}],"changes":[]}}`}, a.proveRoad)
}

func (a *API) proveRoad(ctx context.Context, in *Posted) (*reply[roadAnswer], error) {
	body, err := parse(in.RawBody)
	if err != nil {
		return nil, err
	}
	about, err := a.roadQuestion(ctx, body)
	if err != nil {
		return nil, err
	}
	end, ok := a.checks.begin(about.Workspace, roadName)
	if !ok {
		return nil, Fail(http.StatusConflict, "The carrier is being checked already.")
	}
	defer end()
	ctx, stop := context.WithTimeout(ctx, roadTime)
	defer stop()
	proof, err := a.Road.Prove(ctx, about)
	if err != nil {
		return nil, err
	}
	if proof.Changes == nil {
		proof.Changes = []Drift{}
	}
	answer := roadAnswer{Success: true}
	answer.Item.OK, answer.Item.RoadProof = proof.Holds(), proof
	return &reply[roadAnswer]{answer}, nil
}

var carrierAccount = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)

// roadQuestion reads whom it is about. A number that the workspace has is found
// either way.
func (a *API) roadQuestion(ctx context.Context, body map[string]any) (RoadQuestion, error) {
	q := RoadQuestion{Workspace: gate.Workspace(ctx)}
	var wrong roster.Problems
	q.Number = textOf(body, "phone_number", roster.E164, "must be in E.164 form, such as +14155550100", &wrong)
	q.Account = textOf(body, "twilio_account_sid", carrierAccount.MatchString, "must be AC and 32 hexadecimal digits", &wrong)
	id, isNumber := body["phone_number_id"].(json.Number)
	switch {
	case body["phone_number_id"] != nil && !isNumber:
		wrong.Add("phone_number_id", "must be an integer")
	case isNumber && q.Number != "":
		wrong.Add("phone_number_id", "goes without phone_number")
	}
	if len(wrong) > 0 {
		return q, wrong
	}
	if isNumber {
		n, err := a.number(ctx, id.String())
		q.Kept = &n
		return q, err
	}
	if q.Number == "" {
		return q, nil
	}
	all, err := a.Roster.ListNumbers(ctx, q.Workspace)
	if err != nil {
		return q, err
	}
	if i := slices.IndexFunc(all, func(n roster.Number) bool { return n.Number == q.Number }); i >= 0 {
		q.Kept = &all[i]
	}
	return q, nil
}

// textOf is a text of body that may be missing, or null.
func textOf(body map[string]any, name string, good func(string) bool, why string, wrong *roster.Problems) string {
	s, _ := body[name].(string)
	if body[name] != nil && !good(s) {
		wrong.Add(name, "%s", why)
	}
	return s
}
