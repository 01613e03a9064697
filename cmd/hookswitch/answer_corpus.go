package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/whoanswered"
)

// corpusFlags are those of a measurement over the corpus.
type corpusFlags struct {
	Corpus  bool          `help:"Measure over the synthetic corpus instead: what is mistaken for what, and how soon it is known."`
	Part    string        `placeholder:"PART" help:"With --corpus: train or test. Default: both."`
	Only    string        `placeholder:"TEXT" help:"With --corpus: items whose name holds this."`
	Hour    time.Duration `placeholder:"TIME" help:"With --corpus: of speech and keys in which no beep may be heard, for each part."`
	Explain bool          `help:"With --corpus: mistakes come with what was heard."`
	Fresh   bool          `help:"With --corpus: hear everything anew."`
	Out     string        `short:"o" placeholder:"FILE" help:"With --corpus: where the report goes, as JSON."`
}

// measure sends the corpus through what a call hears with.
func (c *answerCmd) measure(ctx context.Context, s streams) error {
	cache, err := c.cache(s.environ)
	if err != nil {
		return err
	}
	r, err := whoanswered.Run(ctx, whoanswered.Options{
		Version: version, Part: c.Part, Only: c.Only, Fresh: c.Fresh, Hour: c.Hour, Explain: c.Explain, Out: c.Out, Cache: cache, Progress: s.err,
	})
	if err != nil {
		return modelFault(ctx, err)
	}
	if c.JSON {
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	return r.Write(s.out)
}
