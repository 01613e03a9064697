package dialplan

// Passes reports whether the same call may be made later: it is refused for how
// often others were, and not for what its number is.
func (c Code) Passes() bool {
	switch c {
	case NumberHour, NumberDay, Minutes, Hour, PrefixBusy, ForeignBurst:
		return true
	}
	return false
}
