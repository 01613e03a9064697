package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// connectCmd makes a carrier's numbers lead here.
type connectCmd struct {
	Twilio connectTwilioCmd `cmd:"" help:"Prove the road from Twilio, then point a number of yours here."`
}

// connectTwilioCmd proves the road before the first call, points a number here,
// and says how to undo it. Done twice, it changes nothing the second time. What
// it prints is safe to post.
type connectTwilioCmd struct {
	Number     string `arg:"" help:"The number, with + and its country."`
	Agent      string `required:"" placeholder:"NAME" help:"The agent that is to answer it."`
	Label      string `placeholder:"TEXT" help:"What people call it, if it is new here. Default the number."`
	AccountSID string `name:"account-sid" placeholder:"SID" help:"The Twilio account that has it, if it is new here (HOOKSWITCH_TWILIO_ACCOUNT_SID)."`
	AuthToken  string `name:"auth-token" placeholder:"TOKEN" help:"Its auth token; better in HOOKSWITCH_TWILIO_AUTH_TOKEN, where nobody sees it."`
	Yes        bool   `help:"Point the number here without asking."`
	reach
	careful
}

// connecting is one run of the command.
type connecting struct {
	*connectTwilioCmd
	s      streams
	ask    *client.Client
	out    verdicts
	number string
	agent  *agentView
	kept   *numberView // nil: the gateway does not know the number
	added  bool        // kept was made by this run
	before string      // uuid of the agent that it led to, if it is another one
}

// Run goes step by step. Where one fails nothing was changed, and what was made
// on the way is taken back.
func (c *connectTwilioCmd) Run(ctx context.Context, s streams) error {
	number, err := e164Of(c.Number, "the first argument")
	if err != nil {
		return err
	}
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	r := connecting{connectTwilioCmd: c, s: s, ask: ask, out: verdictsOn(s), number: number}
	if r.agent, err = findAgent(ctx, ask, c.Agent); err != nil {
		return err
	}
	if err := r.look(ctx); err != nil {
		return err
	}
	proof, err := r.prove(ctx)
	if err != nil {
		return err
	}
	r.tell(proof.Steps)
	if !proof.Holds() {
		return r.nothing()
	}
	if c.DryRun {
		r.plan(proof)
		return nil
	}
	return r.connect(ctx, proof)
}

// look finds what the gateway knows of the number.
func (r *connecting) look(ctx context.Context) error {
	all, err := client.All[numberView](ctx, r.ask, "/phone_numbers", advanced)
	if err != nil {
		return err
	}
	for _, n := range all {
		if n.Number == r.number {
			r.kept = &n
			if n.AgentUUID != r.agent.Agent.UUID {
				r.before = n.AgentUUID
			}
		}
	}
	if r.kept != nil && r.kept.Provider != "twilio" {
		return &fault.Fault{What: "the gateway has this number on a SIP trunk, not at Twilio", Where: "the first argument", Mend: fault.Keep("hookswitch number list"), Code: "connect/carrier", Exit: fault.Wrong}
	}
	return nil
}

// prove lets the gateway walk the road. What it finds of a number that it does
// not know yet is what its own account shows.
func (r *connecting) prove(ctx context.Context) (v2.RoadProof, error) {
	body := map[string]any{"phone_number": r.number}
	if sid := r.account(); r.kept == nil && sid != "" {
		body["twilio_account_sid"] = sid
	}
	var got client.Item[v2.RoadProof]
	if err := r.ask.Send(ctx, http.MethodPost, "/carrier/check", body, &got); err != nil {
		return got.Item, err
	}
	if got.Item.Carrier != "twilio" {
		return got.Item, &fault.Fault{What: "this gateway's carrier is the simulated one: no number of Twilio's leads to it", Where: r.ask.Server(),
			Mend: "start it with " + fault.Keep("HOOKSWITCH_CARRIER=twilio") + "; what else it needs then says " + fault.Keep("hookswitch config check"), Code: "connect/carrier", Exit: fault.Wrong}
	}
	if len(got.Item.Steps) == 0 {
		return got.Item, unreadable("the road")
	}
	return got.Item, nil
}

func (r *connecting) account() string {
	return cmp.Or(r.AccountSID, r.s.variable("HOOKSWITCH_TWILIO_ACCOUNT_SID"))
}

func (r *connecting) token() string {
	return cmp.Or(r.AuthToken, r.s.variable("HOOKSWITCH_TWILIO_AUTH_TOKEN"))
}

// connect does what a dry run leaves undone.
func (r *connecting) connect(ctx context.Context, proof v2.RoadProof) error {
	if r.kept != nil && r.kept.AgentUUID == r.agent.Agent.UUID && len(proof.Changes) == 0 {
		if is, err := checkNumber(ctx, r.ask, *r.kept); err != nil || is.State == "ok" {
			if err == nil {
				r.out.add(finding{State: holds, Name: "linked", Text: fmt.Sprintf("%s leads to %s already: nothing was changed", r.shown(), r.agent.Agent.Name)})
			}
			return err
		}
	}
	if err := r.askable(); err != nil {
		return err
	}
	if r.kept == nil {
		if err := r.add(ctx); err != nil {
			return err
		}
		again, err := r.prove(ctx) // with the credentials that it came with
		if err == nil {
			r.tell(news(proof.Steps, again.Steps))
			if proof = again; !proof.Holds() {
				err = r.nothing()
			}
		}
		if err != nil {
			return r.takeBack(ctx, err)
		}
	}
	r.plan(proof)
	if err := r.sure(); err != nil {
		return r.takeBack(ctx, err)
	}
	if err := r.link(ctx); err != nil {
		return r.takeBack(ctx, err)
	}
	return r.proved(ctx)
}

// news are the steps that say another thing than before.
func news(before, now []v2.RoadStep) (all []v2.RoadStep) {
	said := map[v2.RoadStep]bool{}
	for _, s := range before {
		said[s] = true
	}
	for _, s := range now {
		if !said[s] {
			all = append(all, s)
		}
	}
	return all
}

// add tells the gateway of the number, which leads nowhere yet.
func (r *connecting) add(ctx context.Context) error {
	if r.account() == "" || r.token() == "" {
		return &fault.Fault{What: "the gateway does not know this number: it needs the account that has it, and its auth token", Where: "HOOKSWITCH_TWILIO_ACCOUNT_SID and HOOKSWITCH_TWILIO_AUTH_TOKEN",
			Mend: "set both", Code: "number/account", Exit: fault.Wrong}
	}
	body := map[string]any{"phone_number": r.number, "label": cmp.Or(r.Label, r.number), "supports_inbound": true, "supports_outbound": true,
		"provider": "twilio", "twilio_account_sid": r.account(), "twilio_auth_token": r.token()}
	var got client.Item[numberView]
	if err := r.ask.Send(ctx, http.MethodPost, "/phone_numbers?advanced=true", body, &got); err != nil {
		return err
	}
	r.kept, r.added = &got.Item, true
	return nil
}

// link makes the number lead to the agent. If it led to another one and can't be
// given to this, that one has it again.
func (r *connecting) link(ctx context.Context) error {
	if r.before == "" {
		return r.lead(ctx, r.agent.Agent.UUID)
	}
	if err := r.lead(ctx, nil); err != nil {
		return err
	}
	err := r.lead(ctx, r.agent.Agent.UUID)
	if err == nil {
		return nil
	}
	ctx, stop := afterwards(ctx)
	defer stop()
	if back := r.lead(ctx, r.before); back != nil {
		r.out.add(finding{State: fails, Name: "linked", Text: r.shown() + " leads to nobody now", Mend: fmt.Sprintf("hookswitch number link %d NAME", r.kept.ID)})
	}
	return err
}

func (r *connecting) lead(ctx context.Context, agent any) error {
	return r.ask.Send(ctx, http.MethodPatch, client.Path("phone_numbers", fmt.Sprint(r.kept.ID)), map[string]any{"agent_uuid": agent}, nil)
}

// takeBack forgets the number that this run told the gateway of, because of err.
func (r *connecting) takeBack(ctx context.Context, err error) error {
	if !r.added {
		return err
	}
	ctx, stop := afterwards(ctx)
	defer stop()
	if failed := r.ask.Send(ctx, http.MethodDelete, client.Path("phone_numbers", fmt.Sprint(r.kept.ID)), nil, nil); failed != nil {
		r.out.add(finding{State: noted, Name: "number", Text: "the gateway still knows of it; it leads nowhere", Mend: fmt.Sprintf("hookswitch number remove %d", r.kept.ID)})
		return err
	}
	r.out.add(finding{State: noted, Name: "number", Text: "the gateway has forgotten it again"})
	return err
}

// afterwards is for putting things in order, also when a person pressed Ctrl-C.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
}

// proved asks the carrier whether the number leads here now.
func (r *connecting) proved(ctx context.Context) error {
	is, err := checkNumber(ctx, r.ask, *r.kept)
	if err != nil {
		return err
	}
	link := finding{State: holds, Name: "linked", Text: fmt.Sprintf("%s -> %s, and Twilio has it so", r.shown(), r.agent.Agent.Name)}
	if is.State != "ok" {
		link = finding{State: fails, Name: "linked", Text: cmp.Or(is.Why, r.shown()+" is not set as it should be"), Mend: fmt.Sprintf("look: hookswitch number check %d", r.kept.ID)}
	}
	r.out.add(link)
	r.undo()
	if is.State != "ok" {
		return fault.ErrCheckFailed
	}
	return nil
}

// askable reports, before anything is done, that nobody could be asked.
func (r *connecting) askable() error {
	in, isFile := r.s.in.(*os.File)
	if r.Yes || isFile && isTerminal(in) && isTerminal(r.s.err) {
		return nil
	}
	return &fault.Fault{What: "nobody can be asked whether the number is to lead here", Where: "no terminal", Mend: "see what would change with " + fault.Keep("--dry-run") + ", then add " + fault.Keep("--yes"), Code: "cli/confirm", Exit: fault.Wrong}
}

// sure asks whether to go on.
func (r *connecting) sure() error {
	if r.Yes {
		return nil
	}
	fmt.Fprintf(r.s.err, "point %s at %s? [y/N] ", r.shown(), show.Clean(r.agent.Agent.Name))
	answer, _ := bufio.NewReader(r.s.in).ReadString('\n') // an end is a no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return &fault.Fault{What: "nothing was changed", Mend: "answer y, or add " + fault.Keep("--yes"), Code: "cli/confirm", Exit: fault.CheckFailed}
}
