package roster

import (
	"regexp"
	"unicode"

	"strings"
)

// Bounds of what callers key in.
const (
	maxKeySlots   = 16
	maxKeys       = 64
	maxKeyTimeout = 60 // seconds
)

// keySlot is a name that models, scripts and templates can say.
var keySlot = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// terminators are the keys that may end what is keyed in; "" is none.
var terminators = []string{"", "#", "*"}

// keySlots reads collect_digits' list: what callers may be asked to key in.
func keySlots(f form) {
	all, ok := f.list("slots", maxKeySlots)
	if !ok {
		return
	}
	names := map[string]bool{}
	for i, v := range all {
		if one, ok := f.item("slots", i, v); ok {
			slotOfKeys(one, names)
		}
	}
}

func slotOfKeys(f form, names map[string]bool) {
	var name, about, terminator string
	switch f.text("name", vars64, "", &name); {
	case len(f.wrong.Of(f.under+"name")) > 0:
	case name == "":
		f.refuse("name", blank)
	case !keySlot.MatchString(name):
		f.refuse("name", "must be lower-case letters, digits and _, and begin with a letter")
	case names[name]:
		f.refuse("name", taken)
	}
	names[name] = true
	if f.text("description", 500, "", &about); strings.ContainsFunc(about, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }) {
		f.refuse("description", invalid)
	}
	least, most := 1, 32
	f.whole("min_digits", 1, maxKeys, least, &least)
	f.whole("max_digits", 1, maxKeys, max(most, least), &most)
	if f.has("max_digits") && f.in["max_digits"] != nil && most < least {
		f.refuse("max_digits", "must be greater than or equal to min_digits")
	}
	f.oneOf("terminator", terminators, "#", &terminator)
	var secs int
	f.whole("timeout_secs", 1, maxKeyTimeout, 10, &secs)
	f.whole("between_secs", 1, maxKeyTimeout, 3, &secs)
	var sensitive bool
	f.flag("sensitive", false, &sensitive)
}

// keyPresses reads play_dtmf's settings.
func keyPresses(f form) {
	var sensitive bool
	f.flag("sensitive", false, &sensitive)
}
