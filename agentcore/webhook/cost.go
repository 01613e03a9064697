package webhook

import (
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

// Cost is what an [Event] tells of what a call cost by the operator's own prices.
type Cost struct {
	Total    float64    `json:"total_usd"` // to a millionth
	Parts    []CostPart `json:"parts"`
	Unpriced []string   `json:"unpriced"` // STAGE/PROVIDER/UNIT that was used and has no price
}

// CostPart is what one unit of one provider cost.
type CostPart struct {
	Stage    string  `json:"stage"`    // recogniser, model, voice, carrier
	Provider string  `json:"provider"` // of a carrier, the direction
	Unit     string  `json:"unit"`
	Quantity float64 `json:"quantity"`
	USD      float64 `json:"usd"`
}

// costOf is what call cost; nil when nothing has a price.
func costOf(call dispatch.Record) *Cost {
	b, ok := cost.DecodeBill(call.Cost)
	if !ok {
		return nil
	}
	told := &Cost{Total: b.Total.Dollars(), Parts: []CostPart{}, Unpriced: append([]string{}, b.Unpriced...)}
	for _, p := range b.Parts {
		told.Parts = append(told.Parts, CostPart{p.Stage, p.Provider, p.Unit, p.N.Units(), p.Cost.Dollars()})
	}
	return told
}
