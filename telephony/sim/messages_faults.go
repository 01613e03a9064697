package sim

import "slices"

// TextFault is a text by REST that goes wrong.
type TextFault struct {
	Code   int    // the carrier's, such as 30003
	Status string // undelivered or failed, later. Empty: REST refuses it with HTTP 400
	To     string // only texts to that number, with its prefix. Empty: all
	Times  int    // after so many it is over. 0: never
}

// FailTexts puts faults in the place of those there were; none heals all. Of two
// that fit the first one bites.
func (c *Carrier) FailTexts(faults ...TextFault) {
	c.texts.mu.Lock()
	defer c.texts.mu.Unlock()
	c.texts.faults = slices.Clone(faults)
}

// strike is the fault that bites a text to a number, if one does.
func (t *texts) strike(to string) TextFault {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.faults {
		f := &t.faults[i]
		if f.To != "" && f.To != to || f.Times < 0 {
			continue
		}
		if f.Times == 1 {
			f.Times = -1 // spent
		} else if f.Times > 1 {
			f.Times--
		}
		return *f
	}
	return TextFault{}
}
