package providers

import (
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
)

// Settled is the table as it is with the settings c.
func Settled(c config.Config) []Provider {
	all := slices.Clone(Table)
	for i := range all {
		all[i] = all[i].settled(c)
	}
	return all
}

// settled is p with the settings c, which may name more models. At an address of
// one's own there are others than the vendor's, so that they come first. Many
// servers speak OpenAI's protocol, and most of them have language models only:
// elsewhere there is who hears and who speaks only if the settings name them.
func (p Provider) settled(c config.Config) Provider {
	hears, thinks, speaks := c.Names(p.Name)
	base := c.Provider(p.Name).BaseURL
	elsewhere := base != "" && !provider.Within(base, p.Home)
	list := func(named, known []string) []string {
		if elsewhere {
			return once(named, known)
		}
		return once(known, named)
	}
	if p.Thinks != nil {
		t := *p.Thinks
		t.Models = list(thinks, t.Models)
		p.Thinks = &t
	}
	if p.Hears != nil {
		h := *p.Hears
		h.Models = list(hears, h.Models)
		p.Hears = &h
	}
	if elsewhere && p.Imitated {
		if p.Hears != nil {
			p.Hears.Models = hears
		}
		if len(hears) == 0 {
			p.Hears = nil
		}
		if !speaks {
			p.Speaks = nil
		}
	}
	return p
}

// once is all lists, each name once.
func once(lists ...[]string) (all []string) {
	for _, one := range slices.Concat(lists...) {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}
