package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/media/wav"
)

// longestAnswer is the longest recording that is judged. Nobody listens for who
// answered for longer than two minutes.
const longestAnswer = 10 * time.Minute

// answerCmd says of a recording who answered, and why.
type answerCmd struct {
	cacheFlag
	File     string `arg:"" optional:"" help:"A recording that begins when the call was answered: WAV, 16-bit or µ-law, up to 10 minutes."`
	Channel  string `enum:"left,right" default:"left" help:"Of a stereo recording, the side of who answered: left (as we record) or right. The other one is taken for the agent's."`
	Language string `placeholder:"TAG" default:"en" help:"Whose phrases are looked for: en, es, fr, de."`
	Deaf     bool   `help:"Judge by sound alone: no word is recognised."`
	SVG      string `name:"svg" placeholder:"FILE" help:"Draw it, too."`
	Plain    bool   `help:"No colours, ASCII only."`
	Color    string `help:"When to use colours: auto, always or never." enum:"auto,always,never" default:"auto"`
	JSON     bool   `name:"json" help:"Print the timeline as JSON."`

	corpusFlags
}

// Run judges. Who answered is no success and no failure: the status is 0.
func (c *answerCmd) Run(ctx context.Context, s streams) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	switch {
	case c.Corpus:
		return c.measure(ctx, s)
	case c.File == "":
		return &fault.Fault{What: "there is nothing to judge", Where: fault.Keep("hookswitch answer"),
			Mend: fault.Keep("hookswitch answer FILE.wav") + "      (a call's: " + fault.Keep("hookswitch call recording ID") + ")", Code: "answer/file", Exit: fault.Wrong}
	}
	if err := c.draws(); err != nil {
		return err
	}
	samples, cfg, err := c.open()
	if err != nil {
		return err
	}
	line, err := c.judge(ctx, s, samples, cfg)
	if err != nil {
		return err
	}
	if c.SVG != "" {
		if err := c.draw(line); err != nil {
			return err
		}
	}
	if c.JSON {
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		return enc.Encode(line)
	}
	screen := screenOf(s, show.Flags{Plain: c.Plain, Color: c.Color})
	screen.Head(fmt.Sprintf("%s   %.1f s   %s", show.Clean(c.File), float64(line.DurationMS)/1000, c.heard(cfg)))
	screen.Replayed(line)
	if c.SVG != "" {
		fmt.Fprintf(s.out, "   see  %s\n", show.Clean(c.SVG))
	}
	return screen.Err()
}

func (c *answerCmd) heard(cfg replay.Config) string {
	if cfg.Agent == nil {
		return "the only channel, or the first"
	}
	return "on the " + c.Channel + " who answered, on the other side the agent"
}

// open reads the recording: the side of who answered, and when the agent spoke.
func (c *answerCmd) open() ([]int16, replay.Config, error) {
	cfg := replay.Config{Language: c.Language, Text: true, Guess: 2 * time.Second}
	a, err := wav.ReadFile(c.File)
	if err != nil {
		return nil, cfg, c.unreadable(err)
	}
	side, other := 0, 1
	if c.Channel == "right" {
		side, other = 1, 0
	}
	if a.Channels == 1 && side == 1 {
		return nil, cfg, c.wrong("the recording has one channel", "--channel right", "without --channel", "answer/channel", nil)
	}
	if d := a.Duration(); d > longestAnswer {
		return nil, cfg, c.wrong(fmt.Sprintf("the recording is longer than %v", longestAnswer), fmt.Sprintf("%s, %v", c.File, d.Round(time.Second)),
			"cut it; who answered is known within two minutes", "answer/long", nil)
	}
	frames, err := a.Frames(side)
	if err != nil {
		return nil, cfg, c.wrong(fmt.Sprintf("a recording of %d Hz can't be judged", a.Rate), c.File,
			fault.Keep("sox "+c.File+" -r 8000 out.wav"), "answer/rate", err)
	}
	if a.Channels > 1 {
		agent, err := a.Frames(other)
		if err != nil {
			return nil, cfg, c.unreadable(err)
		}
		cfg.Agent = spans(agent)
	}
	samples := make([]int16, 0, len(frames)*media.FrameSamples)
	for i := range frames {
		samples = append(samples, frames[i][:]...)
	}
	return samples, cfg, nil
}

func (c *answerCmd) unreadable(err error) error {
	what, mend := "the recording can't be read: "+err.Error(), "name a WAV file: 16-bit linear or µ-law"
	switch {
	case errors.Is(err, os.ErrNotExist):
		what, mend = "the recording can't be read: no such file", "name a WAV file that is there"
	case errors.Is(err, wav.ErrFormat):
		mend = fault.Keep("sox FILE -r 8000 -c 1 -b 16 out.wav") + " makes one of most things"
	}
	return c.wrong(what, c.File, mend, "answer/file", err)
}

func (c *answerCmd) wrong(what, where, mend, code string, err error) error {
	return &fault.Fault{What: what, Where: fault.Keep(where), Mend: mend, Code: code, Exit: fault.Wrong, Err: err}
}

// draws refuses a drawing that would take the place of the recording.
func (c *answerCmd) draws() error {
	sound, err := os.Stat(c.File)
	if err != nil {
		return nil // opening it says so
	}
	if drawing, err := os.Stat(c.SVG); err == nil && os.SameFile(sound, drawing) {
		return c.wrong("the drawing would overwrite the recording", "--svg "+c.SVG, "name another file", "answer/svg", nil)
	}
	return nil
}

func (c *answerCmd) draw(line replay.Timeline) error {
	f, err := os.Create(c.SVG)
	if err == nil {
		err = errors.Join(line.Picture(show.Class).Write(f), f.Close())
	}
	if err != nil {
		return &fault.Fault{What: "the drawing can't be written: " + err.Error(), Where: fault.Keep("--svg " + c.SVG), Mend: "name a file in a folder that is there", Code: "answer/svg", Err: err}
	}
	return nil
}

// What the agent's side of a recording takes for speech of the agent's: it holds
// nothing else, and silence when the agent is silent.
const (
	agentLevel = -55 // dBFS
	agentPause = 700 * time.Millisecond
)

// spans are when somebody spoke in frames. It is never nil.
func spans(frames []media.Frame) []replay.Span {
	out := []replay.Span{}
	for i := range frames {
		if vad.Level(&frames[i]) < agentLevel {
			continue
		}
		began := time.Duration(i) * media.FrameDuration
		if n := len(out); n > 0 && began-out[n-1].Ended <= agentPause {
			out[n-1].Ended = began + media.FrameDuration
			continue
		}
		out = append(out, replay.Span{Began: began, Ended: began + media.FrameDuration})
	}
	return out
}
