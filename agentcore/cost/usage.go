// Package cost says what a call used of what is billed, and what that costs by
// the operator's own prices. It knows no list of anybody's prices: they change.
package cost

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Stage of a carrier, and its unit. Its provider is the direction.
const (
	Carrier = "carrier"
	Minute  = "minute" // that was begun
)

// Use is so much of one unit of one provider.
type Use struct {
	Stage    string   `json:"stage"`    // a [provider.Stage], or Carrier
	Provider string   `json:"provider"` // "openai"; of a carrier inbound or outbound
	Unit     string   `json:"unit"`     // a [provider.Unit], or Minute
	N        Quantity `json:"quantity"`
}

// Usage is what was used, a line for each unit of each provider, in their order.
// The zero Usage is none.
type Usage []Use

// mostLines bounds a usage. A call has three stages, and a few providers for each.
const mostLines = 64

// With is u and more. Lines beyond the bound are dropped; u is left as it was.
func (u Usage) With(more ...Use) Usage {
	all := slices.Clone(u)
	for _, m := range more {
		if m.N <= 0 {
			continue
		}
		at, found := slices.BinarySearchFunc(all, m, byName)
		switch {
		case found:
			all[at].N = Quantity(min(saturate(int64(all[at].N), int64(m.N)), int64(maxQuantity)))
		case len(all) < mostLines:
			all = slices.Insert(all, at, m)
		}
	}
	return all
}

// of is how much of a unit was used.
func (u Usage) of(stage, name, unit string) Quantity {
	if at, found := slices.BinarySearchFunc(u, Use{Stage: stage, Provider: name, Unit: unit}, byName); found {
		return u[at].N
	}
	return 0
}

func byName(a, b Use) int {
	return cmp.Or(cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Unit, b.Unit))
}

// Encode is u as it is kept: JSON; empty when nothing was used.
func (u Usage) Encode() string {
	if len(u) == 0 {
		return ""
	}
	body, err := json.Marshal(u)
	if err != nil {
		return "" // strings and numbers can be written
	}
	return string(body)
}

// Decode reads what Encode wrote. What it can't read, it takes for nothing: a
// later build wrote it.
func Decode(text string) Usage {
	var all Usage
	if text == "" || json.Unmarshal([]byte(text), &all) != nil {
		return nil
	}
	return Usage(nil).With(all...)
}

// isCached reports whether use is of tokens that the input's count has in it.
func (u Use) isCached() bool {
	return u.Stage == string(provider.Model) && u.Unit == string(provider.CachedTokens)
}
