package dialplan

// Passes reports whether the same call may be made later: it is refused for when
// it is, or how often others were, and not for what its number is.
func (c Code) Passes() bool {
	switch c {
	case QuietHours, NumberHour, NumberDay, Minutes, Hour, PrefixBusy, ForeignBurst:
		return true
	}
	return false
}
