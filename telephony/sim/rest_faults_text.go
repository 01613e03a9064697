package sim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ParseRESTFault reads a fault of REST requests as one types it: 429 or 5xx for
// Status, or lost, or unmet, and perhaps more as key=value, all separated by
// commas. The keys are every, times, method, path and retry-after:
//
//	429,every=2,times=10,retry-after=1s
//	lost,method=POST,path=/Calls.json
func ParseRESTFault(text string) (RESTFault, error) {
	if len(text) > maxFaultText {
		return RESTFault{}, fmt.Errorf("sim: a fault has more than %d characters", maxFaultText)
	}
	what, rest, more := strings.Cut(text, ",")
	f := RESTFault{Lost: what == "lost", Unmet: what == "unmet"}
	if !f.Lost && !f.Unmet {
		status, err := strconv.Atoi(what)
		if err != nil || status != http.StatusTooManyRequests && status/100 != 5 {
			return RESTFault{}, fmt.Errorf("sim: there is no fault %q of REST requests; there are 429, 5xx, lost, unmet", what)
		}
		f.Status = status
	}
	if more {
		for pair := range strings.SplitSeq(rest, ",") {
			key, value, _ := strings.Cut(pair, "=")
			if err := f.set(key, value); err != nil {
				return RESTFault{}, err
			}
		}
	}
	return f, nil
}

// set sets one field from text.
func (f *RESTFault) set(key, value string) (err error) {
	wrong := false
	switch key {
	case "every":
		f.Every, err = strconv.Atoi(value)
		wrong = f.Every < 0
	case "times":
		f.Times, err = strconv.Atoi(value)
		wrong = f.Times < 0
	case "retry-after":
		f.RetryAfter, err = time.ParseDuration(value)
		wrong = f.RetryAfter < 0
	case "method":
		f.Method = strings.ToUpper(value)
	case "path":
		f.Path = value
	default:
		return fmt.Errorf("sim: a fault of REST requests has no %q", key)
	}
	if err != nil || wrong {
		return fmt.Errorf("sim: %q is no value of %s", value, key)
	}
	return nil
}
