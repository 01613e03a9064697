package roster

// Bounds of smart callback, and what it has when it does not say.
const (
	MaxCallbacks    = 20
	MaxCallbackDays = 30
	maxCallbackGaps = MaxCallbacks

	defaultCallbacks = 5 // seed 004, maxAttemptsForSmartCallback
)

// defaultGaps is the seed's: a day.
func defaultGaps() []CallbackGap { return []CallbackGap{{Days: 1}} }

// callback reads smart_callback over what it was. An object that is there turns
// it on, unless it says otherwise.
func callback(f form, d *Definition) {
	in, null, ok := f.object("smart_callback")
	if !ok {
		return
	}
	if null {
		d.Callback = nil
		return
	}
	c := Callback{Enabled: true, MaxAttempts: defaultCallbacks, Gaps: defaultGaps()}
	if d.Callback != nil {
		c = *d.Callback
	}
	in.flag("enabled", true, &c.Enabled)
	in.whole("max_attempts", 0, MaxCallbacks, defaultCallbacks, &c.MaxAttempts)
	callbackGaps(in, &c.Gaps)
	d.Callback = &c
}

// callbackGaps reads the gaps between attempts, replaced as a whole.
func callbackGaps(f form, into *[]CallbackGap) {
	all, ok := f.list("gaps", maxCallbackGaps)
	if !ok {
		return
	}
	out := make([]CallbackGap, len(all))
	for i, v := range all {
		in, ok := f.item("gaps", i, v)
		if !ok {
			continue
		}
		before := len(*f.wrong)
		in.whole("days", 0, MaxCallbackDays, 0, &out[i].Days)
		in.whole("hours", 0, 23, 0, &out[i].Hours)
		if out[i] == (CallbackGap{}) && len(*f.wrong) == before {
			in.refuse("hours", "must leave some time: days and hours can't both be 0")
		}
	}
	if len(out) == 0 {
		out = defaultGaps()
	}
	*into = out
}
