package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/talk"
)

// talkCmd lets a person call the agent.
type talkCmd struct {
	Wav    string `placeholder:"FILE" help:"Say what is in this WAV file (8, 16, 22.05, 24, 44.1 or 48 kHz; mono, or the left channel), wait for the answer and hang up."`
	AtOnce bool   `help:"With --wav: do not wait for the greeting."`
	Record string `placeholder:"FILE" help:"Record the call to this WAV file: left you, right the agent."`
	show.Flags
	Settings settings `embed:""`
}

// Help is shown above the flags.
func (talkCmd) Help() string {
	return "Type to the agent: each line is spoken when it has answered the one before.\n" +
		"A line that begins with ! is spoken at once, over the agent; [1] presses a key; /help tells more; Ctrl-D hangs up. Lines may also come from a pipe.\n" +
		"The agent is as the settings make it. The gateway is one of your own, on a port of its own; it keeps no database and no recordings."
}

// Run makes the call.
func (c *talkCmd) Run(ctx context.Context, s streams) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	o := talk.Options{Version: version, AtOnce: c.AtOnce, Record: c.Record}
	if c.AtOnce && c.Wav == "" {
		return &fault.Fault{What: "only a file can be said at once", Where: "--at-once",
			Mend: "with " + fault.Keep("--wav FILE") + "; a typed line is said at once when it begins with !", Code: "talk/at-once", Exit: fault.Wrong}
	}
	l, err := c.settings(s)
	if err != nil {
		return err
	}
	o.Config = l.Config
	if c.Wav != "" {
		if o.Sound, err = talk.ReadSound(c.Wav); err != nil {
			return err
		}
	}
	dir, err := models.Dir(l.Config.CacheDir)
	if err != nil {
		return err
	}
	if err := fetch(ctx, dir, screenOf(s, c.Flags)); err != nil {
		return err
	}
	c.stage(s, &o)
	o.Log = slog.New(slog.NewTextHandler(o.Screen.Status(), &slog.HandlerOptions{Level: quieter(l)}))
	o.Screen.Head("calling the agent " + show.Clean(l.Config.Agent.Name) + " over a simulated carrier   " + hint(c.Wav, o.Person))
	return modelFault(ctx, talk.Run(ctx, o))
}

// settings are those of serve, but for the carrier.
func (c *talkCmd) settings(s streams) (*config.Loaded, error) {
	given := c.Settings.given()
	given["carrier"] = "sim"
	return config.Load(config.Input{Flags: given, Path: c.Settings.File, Environ: s.environ})
}

// stage decides where lines come from and where the call is shown. Where
// somebody types there is no live line: it would be drawn over what they type.
func (c *talkCmd) stage(s streams, o *talk.Options) {
	o.Screen = screenOf(s, c.Flags)
	if o.Sound != nil {
		return
	}
	in, isFile := s.in.(*os.File)
	if !isFile || !isTerminal(in) {
		o.Lines = talk.NewLines(s.in)
		return
	}
	o.Person = true
	mode := o.Screen.Mode()
	mode.Live = false
	if out, ok := s.out.(*os.File); ok && isTerminal(out) && !c.Plain {
		e := talk.NewEditor(in, out, interruptSelf)
		o.Screen, o.Lines, o.Doing = show.New(e, e, mode), e, e.Doing
		return
	}
	o.Screen = show.New(s.out, s.err, mode)
	o.Lines = talk.NewLines(in)
}

// interruptSelf is what Ctrl-C does on a terminal that makes signals of keys.
func interruptSelf() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		p.Signal(os.Interrupt)
	}
}

func hint(wav string, person bool) string {
	switch {
	case wav != "":
		return "with " + show.Clean(wav)
	case person:
		return "type what you say; /help, Ctrl-D hangs up"
	}
	return "with the lines of stdin"
}

// quieter is the log level, where nobody asked for one, that leaves the
// transcript alone.
func quieter(l *config.Loaded) slog.Level {
	if _, asked := l.Origins["log_level"]; asked {
		return level(l.Config.LogLevel)
	}
	return slog.LevelWarn
}
