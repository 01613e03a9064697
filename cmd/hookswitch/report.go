package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/report"
)

// reportCmd writes the page of calls that were kept.
type reportCmd struct {
	File string `arg:"" help:"A result, such as out/demo.json."`
	Out  string `short:"o" placeholder:"FILE" help:"The page. Default: the result's name with .html."`
}

// Run writes the page beside the result.
func (c *reportCmd) Run(_ context.Context, s streams) error {
	page, err := report.FromFile(c.File)
	if err != nil {
		return &fault.Fault{What: "there is no page to be made of this: " + err.Error(), Where: fault.Keep(c.File),
			Mend: fault.Keep("make demo") + " leaves out/demo.json and all that it names", Code: "report/file", Exit: fault.Wrong, Err: err}
	}
	out := c.Out
	if out == "" {
		out = strings.TrimSuffix(c.File, ".json") + ".html"
	}
	var b bytes.Buffer
	if err := report.Write(&b, page); err != nil {
		return err
	}
	if err := os.WriteFile(out, b.Bytes(), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "see   %s\n", out)
	return err
}
