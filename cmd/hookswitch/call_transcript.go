package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

type callTranscriptCmd struct {
	ID string `arg:"" help:"The call's id, or its beginning."`
	reach
	output
	Color string `help:"When to use colours: auto, always or never." enum:"auto,always,never" default:"auto"`
}

// Run prints the transcript: on a terminal as talk and the demo show a call.
func (c *callTranscriptCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	v, _, err := findCall(ctx, ask, c.ID)
	if err != nil {
		return err
	}
	if c.table(s) {
		screen := screenOf(s, show.Flags{Color: c.Color})
		call := screen.Call(show.Heading{Direction: telephony.Direction(v.Direction), From: v.From, To: v.To})
		if err := entriesOf(ctx, ask, v.ID, func(e agentcore.Entry, _ json.RawMessage) error { call.Entry(e); return nil }); err != nil {
			return err
		}
		call.Flush()
		return screen.Err()
	}
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "AT"}, {Name: "SPEAKER"}, {Name: "TEXT"}, {Name: "UNHEARD"}, {Name: "GAP"}}}
	for raw, err := range ask.List(ctx, client.Path("calls", v.ID, "transcript"), nil, 0) {
		if err != nil {
			return err
		}
		var u agentcore.Utterance
		if json.Unmarshal(raw, &u) != nil {
			return unreadable("a transcript")
		}
		ms := ""
		if u.GapMS > 0 {
			ms = fmt.Sprint(u.GapMS)
		}
		out.Add(fmt.Sprint(u.Turn), raw, show.Clock(u.StartMS), u.Speaker, u.Text, u.Unheard, ms)
	}
	return out.Write(s.out, c.mode(s))
}
