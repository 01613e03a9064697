package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// welcome is what somebody sees who typed the name alone: ten lines by task.
const welcome = `hookswitch gives AI agents a telephone.

  see it work     hookswitch demo              three calls, checked; no account. Also: report, bench, sim
  talk to it      hookswitch talk              type, or --wav FILE
  run it          hookswitch serve             settings: hookswitch config init, show, check, docs
  get the models  hookswitch models pull       once, 46 MB; hearing and speaking work without any key
  get a key       hookswitch key create --name laptop        for all that follows; also: key list, revoke
  your agents     hookswitch agent apply -f agent.yaml       agent get, list, diff, versions, restore
  other services  hookswitch provider list                   Deepgram, OpenAI, ... with your key: provider set, check
  their calls     hookswitch call logs -f                    call list, get, transcript, dial, hangup; schedule, batch, dnc
  numbers, hooks  hookswitch connect twilio +1... --agent NAME      number list, check; webhook list, test
  something off?  hookswitch doctor            safe to paste; answer FILE.wav says who answered. Each: hookswitch COMMAND --help
`

// command is the whole grammar. Each verb lives in the file of its name; its
// Run takes a context and what this process has of the world.
type command struct {
	Serve     serveCmd     `cmd:"" help:"Run the gateway."`
	Demo      demoCmd      `cmd:"" help:"Place three calls over the real protocol, and check them."`
	Talk      talkCmd      `cmd:"" help:"Call the agent yourself, by typing or with a WAV file."`
	Report    reportCmd    `cmd:"" help:"Write the page of calls that a demo left."`
	Answer    answerCmd    `cmd:"" help:"Say who answered on a recording, and why."`
	Sim       simCmd       `cmd:"" help:"Be a simulated Twilio on loopback."`
	Bench     benchCmd     `cmd:"" help:"Measure what calls cost on this machine."`
	Agent     agentCmd     `cmd:"" help:"Write agents down in a file, and see what the gateway has."`
	Call      callCmd      `cmd:"" help:"List, follow, place and end calls."`
	Schedule  scheduleCmd  `cmd:"" help:"What waits for its time: list, show and cancel it."`
	Batch     batchCmd     `cmd:"" help:"Have an agent call everybody in a file."`
	DNC       dncCmd       `cmd:"" name:"dnc" help:"The do-not-call list."`
	Number    numberCmd    `cmd:"" help:"The phone numbers that lead to agents."`
	Connect   connectCmd   `cmd:"" help:"Make a real number lead to an agent, proved step by step."`
	Webhook   webhookCmd   `cmd:"" help:"See what was delivered, and send it again."`
	Provider  providerCmd  `cmd:"" help:"The services that hear, think and speak, and the keys of them."`
	Key       keyCmd       `cmd:"" help:"API keys, on the gateway's own machine."`
	Workspace workspaceCmd `cmd:"" help:"Workspaces, on the gateway's own machine."`
	Models    modelsCmd    `cmd:"" help:"Fetch and check the speech models."`
	Doctor    doctorCmd    `cmd:"" help:"Check that everything is in place; safe to paste."`
	Config    configCmd    `cmd:"" help:"Show, write, check and explain the settings."`
	Version   versionCmd   `cmd:"" help:"Say which build this is."`

	DemoMetrics demoMetricsCmd `cmd:"" hidden:"" help:"Prove the dashboards and rules of this repository with a real Prometheus."`
}

// errExit stops kong when it has printed what was asked for.
type errExit int

// parse understands args. It returns the command to run; or, when help was
// printed, nil and the exit status.
func parse(s streams, args []string) (cmd func(context.Context) error, status int, err error) {
	defer func() {
		if code, ok := recover().(errExit); ok {
			cmd, status, err = nil, int(code), nil
		}
	}()
	var c command
	for _, plugged := range []*settings{&c.Serve.Settings, &c.Talk.Settings, &c.Config.Show.Settings, &c.Config.Check.Settings, &c.Doctor.Settings, &c.Provider.Check.Settings} {
		plugged.plug()
	}
	k, err := kong.New(&c,
		kong.Name("hookswitch"),
		kong.Description("A telephone for AI agents."),
		kong.Writers(s.out, s.err),
		kong.Exit(func(code int) { panic(errExit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.Help(explain),
		kong.Vars{"number": server.SimNumber, "account": server.SimAccount, "token": server.SimToken},
	)
	if err != nil {
		return nil, fault.Impossible, fmt.Errorf("hookswitch: the commands are wrong: %w", err)
	}
	k.Stdout = s.out
	args = singular(args)
	parsed, err := k.Parse(args)
	if err != nil {
		return nil, fault.Wrong, misuse(err, args)
	}
	return func(ctx context.Context) error {
		parsed.BindTo(ctx, (*context.Context)(nil))
		return parsed.Run(s)
	}, 0, nil
}

// singular makes agent of agents: a noun may be typed either way, and help
// knows one.
func singular(args []string) []string {
	if len(args) == 0 {
		return args
	}
	one, many := strings.CutSuffix(args[0], "s")
	switch one {
	case "agent", "call", "schedule", "number", "webhook", "provider", "key":
		if many {
			return append([]string{one}, args[1:]...)
		}
	}
	return args
}

// explain prints help. Commands that take settings end with where else those
// can be written.
func explain(o kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(o, ctx); err != nil {
		return err
	}
	if node := ctx.Selected(); node != nil && node.Name == "serve" {
		fmt.Fprintf(ctx.Stdout, "\nEach setting is also a variable (in brackets) and a key of %s.\nLengths of time need a unit: 500ms, 10s, 30m. More: hookswitch config docs\n", config.DefaultFile)
	}
	return nil
}

var (
	unknownFlag = regexp.MustCompile(`^unknown flag (-[^\s,]*)`)
	unexpected  = regexp.MustCompile(`^unexpected argument (\S+?)(?:, did you mean .*)?$`)
)

// misuse turns kong's complaint into one that can be acted on.
func misuse(err error, args []string) error {
	if f := typedKey(args); f != nil {
		return f
	}
	f := &fault.Fault{What: err.Error(), Where: fault.Keep("hookswitch " + strings.Join(args, " ")), Code: "cli/usage", Exit: fault.Wrong, Err: err}
	var pe *kong.ParseError
	if !errors.As(err, &pe) {
		return f
	}
	node := deepest(pe.Context)
	help := fault.Keep(strings.TrimSpace(node.FullPath() + " --help"))
	f.Mend = help
	if m := unknownFlag.FindStringSubmatch(pe.Error()); m != nil {
		f.What, f.Code = fmt.Sprintf("%q is not a flag of %s", m[1], node.FullPath()), "cli/flag"
		if near := fault.Nearest(strings.TrimLeft(m[1], "-"), flags(node)); near != "" {
			f.Mend = "did you mean --" + near + "? all flags: " + help
		}
	}
	if m := unexpected.FindStringSubmatch(pe.Error()); m != nil {
		f.What, f.Code = fmt.Sprintf("%q is not a command", m[1]), "cli/command"
		if near := fault.Nearest(m[1], commands(node)); near != "" {
			f.Mend = "did you mean " + fault.Keep(node.FullPath()+" "+near) + "? all commands: " + help
		}
	}
	return hide(f, args)
}

// hide keeps secrets that were typed as flags out of the error.
func hide(f *fault.Fault, args []string) *fault.Fault {
	for i, arg := range args {
		name, value, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if (name == "api-key" || name == "auth-token") && value != "" {
			f.Where = strings.ReplaceAll(f.Where, fault.Keep(value), config.Masked)
			f.What = strings.ReplaceAll(f.What, value, config.Masked)
		}
		for _, s := range config.Settings {
			if s.Secret && s.Flag() == name && value != "" {
				f.Where = strings.ReplaceAll(f.Where, fault.Keep(value), config.Masked)
				f.What = strings.ReplaceAll(f.What, value, config.Masked)
			}
		}
	}
	return f
}

// deepest is the command that kong got to before it gave up.
func deepest(ctx *kong.Context) *kong.Node {
	node := ctx.Model.Node
	for _, p := range ctx.Path {
		if p.Command != nil {
			node = p.Command
		}
	}
	return node
}

func flags(n *kong.Node) []string {
	var names []string
	for _, group := range n.AllFlags(true) {
		for _, f := range group {
			names = append(names, f.Name)
		}
	}
	return names
}

func commands(n *kong.Node) []string {
	var names []string
	for _, child := range n.Children {
		names = append(names, child.Name)
	}
	return names
}
