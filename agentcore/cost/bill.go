package cost

import (
	"encoding/json"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Bill is what a call cost. Its parts sum to its total.
type Bill struct {
	Total    USD      `json:"total"`
	Parts    []Part   `json:"parts"`
	Unpriced []string `json:"unpriced,omitempty"` // STAGE/PROVIDER/UNIT that was used and has no price
}

// Part is what one unit of one provider cost.
type Part struct {
	Use
	Cost USD `json:"cost"`
}

// Bill is what u costs by t; false when t has no price at all.
//
// Tokens that a provider had in its cache are part of the input: where they have
// a price of their own, the input is billed without them, else with them. A voice
// bills characters or seconds of sound, whichever has a price; both do, if both
// have one.
func (t Table) Bill(u Usage) (Bill, bool) {
	if t.Empty() {
		return Bill{}, false
	}
	b := Bill{Parts: []Part{}}
	for _, use := range u {
		if use.Unit == string(provider.InputTokens) && t.own(use) {
			use.N -= min(use.N, u.of(use.Stage, use.Provider, string(provider.CachedTokens)))
		}
		price, ok := t.Price(use.Stage, use.Provider, use.Unit, use.N)
		switch {
		case ok && use.N > 0:
			b.Parts = append(b.Parts, Part{use, price})
			b.Total = b.Total.plus(price)
		case !ok && !t.covered(use):
			b.Unpriced = append(b.Unpriced, row{use.Stage, use.Provider, use.Unit}.String())
		}
	}
	return b, true
}

// own reports whether the cached tokens of use's provider have a price.
func (t Table) own(use Use) bool {
	_, ok := t.rate(use.Stage, use.Provider, string(provider.CachedTokens))
	return ok
}

// covered reports whether use, which has no price, is billed by another unit.
func (t Table) covered(use Use) bool {
	others := map[string]string{
		string(provider.AudioSeconds): string(provider.Characters),
		string(provider.Characters):   string(provider.AudioSeconds),
	}
	other := others[use.Unit]
	switch {
	case use.isCached():
		other = string(provider.InputTokens)
	case use.Stage != string(provider.Voice) || other == "":
		return false
	}
	_, ok := t.rate(use.Stage, use.Provider, other)
	return ok
}

// Encode is b as it is kept: JSON, the money in billionths of a dollar.
func (b Bill) Encode() string {
	body, err := json.Marshal(b)
	if err != nil {
		return "" // strings and numbers can be written
	}
	return string(body)
}

// DecodeBill reads what [Bill.Encode] wrote; false when text is empty, or a later
// build's.
func DecodeBill(text string) (Bill, bool) {
	var b Bill
	if text == "" || json.Unmarshal([]byte(text), &b) != nil {
		return Bill{}, false
	}
	b.Parts = slices.DeleteFunc(b.Parts, func(p Part) bool { return p.Cost < 0 })
	b.Total = max(0, b.Total)
	return b, true
}
