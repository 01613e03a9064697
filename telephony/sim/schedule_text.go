package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxFaultText is how long a fault may be in writing.
const maxFaultText = 200

// ParseFault reads a fault as one types it: what, perhaps @ and how long after
// answer, and perhaps more as key=value, all separated by commas. The keys are
// call, number, at, nth, every, chance, times, path, status, for and code:
//
//	cut@5s
//	hold@3s,for=800ms
//	lose,chance=0.05
//	webhook-status,code=503,path=/twilio/next,times=1
func ParseFault(text string) (Fault, error) {
	if len(text) > maxFaultText {
		return Fault{}, fmt.Errorf("sim: a fault has more than %d characters", maxFaultText)
	}
	first, rest, more := strings.Cut(text, ",")
	what, at, timed := strings.Cut(first, "@")
	f := Fault{What: What(what)}
	if _, known := uses[f.What]; !known || f.What == Do || f.What == DoAtWebhook {
		return Fault{}, fmt.Errorf("sim: there is no fault %q; there are %s", what, strings.Join(FaultNames(), ", "))
	}
	if timed {
		if err := f.set("at", at); err != nil {
			return Fault{}, err
		}
	}
	if more {
		for pair := range strings.SplitSeq(rest, ",") {
			key, value, _ := strings.Cut(pair, "=")
			if err := f.set(key, value); err != nil {
				return Fault{}, err
			}
		}
	}
	return f, f.check()
}

// set sets one field from text.
func (f *Fault) set(key, value string) (err error) {
	switch key {
	case "at":
		f.At, err = time.ParseDuration(value)
	case "for":
		f.For, err = time.ParseDuration(value)
	case "call":
		f.Call, err = strconv.Atoi(value)
	case "nth":
		f.Nth, err = strconv.Atoi(value)
	case "every":
		f.Every, err = strconv.Atoi(value)
	case "times":
		f.Times, err = strconv.Atoi(value)
	case "code":
		f.Code, err = strconv.Atoi(value)
	case "chance":
		f.Chance, err = strconv.ParseFloat(value, 64)
	case "number":
		f.Number = value
	case "path":
		f.Path = value
	case "status":
		f.Status = value
	default:
		return fmt.Errorf("sim: a fault has no %q", key)
	}
	if err != nil {
		return fmt.Errorf("sim: %q is no value of %s", value, key)
	}
	return nil
}

// String is the fault as [ParseFault] reads it.
func (f Fault) String() string {
	b := []byte(f.What)
	if f.At != 0 {
		b = append(b, "@"+f.At.String()...)
	}
	for _, n := range []struct {
		key   string
		value int
	}{{"call", f.Call}, {"nth", f.Nth}, {"every", f.Every}, {"times", f.Times}, {"code", f.Code}} {
		if n.value != 0 {
			b = fmt.Appendf(b, ",%s=%d", n.key, n.value)
		}
	}
	if f.Chance != 0 {
		b = append(b, ",chance="+strconv.FormatFloat(f.Chance, 'g', -1, 64)...)
	}
	if f.For != 0 {
		b = append(b, ",for="+f.For.String()...)
	}
	for _, s := range [][2]string{{"number", f.Number}, {"path", f.Path}, {"status", f.Status}} {
		if s[1] != "" {
			b = append(b, ","+s[0]+"="+s[1]...)
		}
	}
	return string(b)
}

// FaultNames are what can be typed, in alphabetical order.
func FaultNames() (names []string) {
	for w := range uses {
		if w != Do && w != DoAtWebhook {
			names = append(names, string(w))
		}
	}
	slices.Sort(names)
	return names
}
