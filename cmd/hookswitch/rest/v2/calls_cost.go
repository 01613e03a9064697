package v2

import (
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

// usageLine is how much of what is billed a call used.
type usageLine struct {
	Stage    string  `json:"stage" doc:"recogniser, model, voice or carrier." example:"model"`
	Provider string  `json:"provider" doc:"Of a carrier, the direction." example:"openai"`
	Unit     string  `json:"unit" doc:"audio_seconds, characters, input_tokens, cached_tokens (of the input), output_tokens, or minute (that was begun)." example:"input_tokens"`
	Quantity float64 `json:"quantity" example:"812"`
}

// callCost is what a call cost by the operator's own prices.
type callCost struct {
	Total    float64     `json:"total_usd" doc:"In US dollars, to a millionth." example:"0.0213"`
	Parts    *[]costPart `json:"parts,omitempty" maxItems:"64" doc:"Which sum to it, but for the rounding; absent in lists."`
	Unpriced *[]string   `json:"unpriced,omitempty" maxItems:"64" doc:"What was used and has no price, as STAGE/PROVIDER/UNIT: it is not in the total. Absent in lists."`
}

// costPart is what one unit of one provider cost.
type costPart struct {
	Stage    string  `json:"stage" example:"model"`
	Provider string  `json:"provider" example:"openai"`
	Unit     string  `json:"unit" example:"input_tokens"`
	Quantity float64 `json:"quantity" doc:"That is billed: input tokens without cached ones, if these have a price of their own." example:"812"`
	USD      float64 `json:"usd" example:"0.000122"`
}

// costOf is what r cost, its total alone; null while it runs, and when nothing has
// a price.
func costOf(r dispatch.Record) orNull[callCost] {
	b, ok := cost.DecodeBill(r.Cost)
	if !ok {
		return orNull[callCost]{}
	}
	return orNull[callCost]{&callCost{Total: b.Total.Dollars()}}
}

// withParts adds to c of what r's cost is made.
func (c *callCost) withParts(r dispatch.Record) {
	b, _ := cost.DecodeBill(r.Cost)
	parts, unpriced := []costPart{}, append([]string{}, b.Unpriced...)
	for _, p := range b.Parts {
		parts = append(parts, costPart{p.Stage, p.Provider, p.Unit, p.N.Units(), p.Cost.Dollars()})
	}
	c.Parts, c.Unpriced = &parts, &unpriced
}

// usageOf is what r used so far.
func usageOf(r dispatch.Record) *[]usageLine {
	all := []usageLine{}
	for _, u := range cost.Decode(r.Usage) {
		all = append(all, lineOf(u))
	}
	return &all
}

func lineOf(u cost.Use) usageLine {
	return usageLine{u.Stage, u.Provider, u.Unit, u.N.Units()}
}
