package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr/whisper"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/providers"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
)

// providerCheckCmd makes one real round trip for each part of each provider that
// has a key.
type providerCheckCmd struct {
	Names    []string `arg:"" optional:"" name:"provider" help:"Those to check. Default: all that have a key."`
	Gateway  bool     `help:"Let the running gateway check, with the workspace's own keys. Default: with the keys of the settings here."`
	Settings settings `embed:""`
	reach
	output
}

// checkedView is one line of the answer, and its JSON.
type checkedView struct {
	Provider string   `json:"provider"`
	Stage    string   `json:"stage,omitempty"`
	Model    string   `json:"model,omitempty"`
	OK       bool     `json:"ok"`
	Latency  int64    `json:"latency_ms"`
	Cost     *float64 `json:"cost_usd"`        // by the list price; nil: not known
	Needs    string   `json:"needs,omitempty"` // it was not asked: what is missing
	Error    string   `json:"error,omitempty"`
}

// Run prints what came of it. It exits with 1 when a provider that has a key
// failed.
func (c *providerCheckCmd) Run(ctx context.Context, s streams) error {
	look := c.here
	if c.Gateway {
		look = c.there
	}
	all, err := look(ctx, s)
	if err != nil {
		return err
	}
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "PROVIDER"}, {Name: "DOES"}, {Name: "MODEL"}, {Name: "MS", Right: true}, {Name: "USD", Right: true}, {Name: "RESULT", Gives: true}}}
	failed := false
	for _, v := range all {
		raw, err := json.Marshal(v)
		if err != nil {
			return err
		}
		failed = failed || !v.OK && v.Needs == ""
		out.Add(v.Provider, raw, v.Provider, v.Stage, v.Model, v.latency(), v.cost(), v.result())
	}
	if err := out.Write(s.out, c.mode(s)); err != nil {
		return err
	}
	if failed {
		return fault.ErrCheckFailed
	}
	return nil
}

func (v checkedView) latency() string {
	if v.Needs != "" {
		return "-"
	}
	return strconv.FormatInt(v.Latency, 10)
}

// cost is a list price, of which two digits are shown, however small it is.
func (v checkedView) cost() string {
	switch {
	case v.Cost == nil:
		return "-"
	case *v.Cost <= 0:
		return "0"
	}
	digits := max(2, 1-int(math.Floor(math.Log10(*v.Cost))))
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(*v.Cost, 'f', digits, 64), "0"), ".")
}

func (v checkedView) result() string {
	switch {
	case v.Needs != "":
		return "needs " + v.Needs
	case v.OK:
		return "ok"
	}
	return v.Error
}

// names checks that every provider that was asked for is in the table.
func (c *providerCheckCmd) names() error {
	for _, name := range c.Names {
		if _, ok := providers.Find(name); !ok { // what was typed may be a key: it is not repeated
			return &fault.Fault{What: "this build has no client for such a provider", Where: "the first argument", Mend: "all of them: " + strings.Join(config.ProviderNames, ", "), Code: "provider/not-found", Exit: fault.Wrong}
		}
	}
	return nil
}

func (c *providerCheckCmd) wants(name string) bool {
	return len(c.Names) == 0 || slices.Contains(c.Names, name)
}

// here checks with the keys of the settings, all providers at once.
func (c *providerCheckCmd) here(ctx context.Context, s streams) ([]checkedView, error) {
	if err := c.names(); err != nil {
		return nil, err
	}
	l, err := c.Settings.load(s.environ)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeoutCause(ctx, c.Timeout, &provider.StallError{Waited: c.Timeout})
	defer stop()
	web := provider.NewClient(0)
	defer web.CloseIdleConnections()
	table := providers.Settled(l.Config)
	found := make([][]checkedView, len(table))
	var asking sync.WaitGroup
	for i, p := range table {
		if !c.wants(p.Name) {
			continue
		}
		own := l.Config.Provider(p.Name)
		if own.Key == "" && !(p.Keyless && own.BaseURL != "") {
			found[i] = []checkedView{{Provider: p.Name, Stage: stages(p), Needs: needs(p)}}
			continue
		}
		asking.Go(func() {
			for _, check := range p.Check(ctx, providers.Access{Key: own.Key, BaseURL: own.BaseURL, Model: own.Model, OptOut: own.OptOut, HTTP: web}) {
				found[i] = append(found[i], checked(p.Name, check))
			}
		})
	}
	asking.Wait()
	return slices.Concat(found...), nil
}

// stageNames are the stages as agents have them.
var stageNames = map[provider.Stage]string{provider.Recogniser: "asr", provider.Model: "llm", provider.Voice: "tts"}

func stages(p providers.Provider) string {
	var all []string
	for _, s := range p.Stages() {
		all = append(all, stageNames[s])
	}
	return strings.Join(all, ", ")
}

// needs is what a provider lacks, as something to set.
func needs(p providers.Provider) string {
	name := "key"
	if p.Name == whisper.Name { // a protocol, and nobody's service
		name = "base_url"
	}
	s, _ := config.Named(p.Name + "." + name)
	return s.Variable()
}

func checked(name string, c providers.Check) checkedView {
	v := checkedView{Provider: name, Stage: stageNames[c.Stage], Model: c.Model, OK: c.Err == nil, Latency: c.Latency.Round(time.Millisecond).Milliseconds(), Cost: c.Cost}
	var told *provider.Error
	switch {
	case c.Err == nil:
	case errors.As(c.Err, &told): // its text holds no key
		v.Error = fmt.Sprintf("%s: %s", told.Class, told.Error())
	default:
		v.Error = c.Err.Error()
	}
	return v
}

// there lets the gateway check.
func (c *providerCheckCmd) there(ctx context.Context, s streams) ([]checkedView, error) {
	ask, err := c.dial(s)
	if err != nil {
		return nil, err
	}
	defer ask.Close()
	for _, name := range c.Names {
		if _, err := findProvider(ctx, ask, name); err != nil {
			return nil, err
		}
	}
	all, err := ask.Providers(ctx)
	if err != nil {
		return nil, err
	}
	var out []checkedView
	for _, p := range all {
		switch {
		case !c.wants(p.Name) || p.Source == "built_in":
		case !p.Configured:
			out = append(out, checkedView{Provider: p.Name, Stage: strings.Join(p.Stages, ", "), Needs: "hookswitch provider set " + p.Name + " --key-stdin"})
		default:
			checks, err := ask.CheckProvider(ctx, p.Name)
			if err != nil {
				return nil, err
			}
			out = append(out, viewed(p.Name, checks)...)
		}
	}
	return out, nil
}

func viewed(name string, checks []client.ProviderCheck) []checkedView {
	var out []checkedView
	for _, k := range checks {
		v := checkedView{Provider: name, Stage: k.Stage, Model: k.Model, OK: k.OK, Latency: k.Latency, Cost: k.Cost}
		if k.Error != nil {
			v.Error = k.Error.Class + ": " + k.Error.Message
		}
		out = append(out, v)
	}
	return out
}
