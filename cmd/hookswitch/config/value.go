package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// problem is what is wrong with a value, before anyone knows where it stands.
type problem struct {
	code string
	what string // may hold %s: what was written there
	good string // a value that would do; empty when mend says it all
	mend string // behind it; or alone
}

// set parses value into c's field of s.
func (s Setting) set(c *Config, value string) *problem {
	if p := s.choice(value); p != nil {
		return p
	}
	switch field := s.field(c).(type) {
	case *string:
		if s.check != nil && value != "" {
			if p := s.check(value); p != nil {
				return p
			}
		}
		*field = value
	case *int:
		n, p := s.number(value)
		if p != nil {
			return p
		}
		*field = n
	case *time.Duration:
		d, p := s.duration(value)
		if p != nil {
			return p
		}
		*field = d
	default:
		panic(fmt.Sprintf("config: setting %s has a field of type %T", s.Name, field))
	}
	return nil
}

// value is what c holds for s, as one would type it.
func (s Setting) value(c *Config) string {
	switch field := s.field(c).(type) {
	case *string:
		return *field
	case *int:
		return strconv.Itoa(*field)
	case *time.Duration:
		return short(*field)
	}
	return ""
}

func (s Setting) choice(value string) *problem {
	if s.Choices == nil {
		return nil
	}
	for _, c := range s.Choices {
		if value == c {
			return nil
		}
	}
	good := fault.Nearest(value, s.Choices)
	if good == "" {
		good = s.Default
	}
	return &problem{"config/choice", `"%s" is not one of ` + strings.Join(s.Choices, ", "), good, ""}
}

func (s Setting) number(value string) (int, *problem) {
	n, err := strconv.Atoi(value)
	if err != nil {
		return 0, &problem{"config/number", `"%s" is not a whole number`, s.Default, ""}
	}
	if int64(n) < s.least || int64(n) > s.most {
		return 0, &problem{"config/range", `"%s" is out of bounds`, s.Default, fmt.Sprintf("   (from %d to %d)", s.least, s.most)}
	}
	return n, nil
}

func (s Setting) duration(value string) (time.Duration, *problem) {
	if n, err := strconv.ParseFloat(value, 64); err == nil {
		if n == 0 && s.least == 0 { // none is none, whatever its unit
			return 0, nil
		}
		return 0, s.unitless(value, n)
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return 0, &problem{"config/duration", `"%s" is not a length of time`, s.Default, "   (a number and ms, s, m or h)"}
	}
	if int64(d) < s.least || int64(d) > s.most {
		bounds := fmt.Sprintf("   (from %s to %s)", short(time.Duration(s.least)), short(time.Duration(s.most)))
		return 0, &problem{"config/range", `"%s" is out of bounds`, s.Default, bounds}
	}
	return d, nil
}

// unitless refuses a bare number, and shows what it may have been meant to be.
func (s Setting) unitless(value string, n float64) *problem {
	p := &problem{"config/duration", `"%s" has no unit`, s.Default, "   (a number and ms, s, m or h)"}
	meant := n * float64(s.natural)
	if meant < 0 || meant > float64(s.most) {
		return p
	}
	d := time.Duration(meant)
	p.good = short(d)
	also := value + "s"
	if s.natural == time.Millisecond {
		also = strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
	}
	p.mend = "   (a bare number could mean anything)"
	if also != p.good {
		p.mend = fmt.Sprintf("   (%s reads the same; a bare number could mean either)", also)
	}
	return p
}

// short is d without the zeroes of [time.Duration.String]: 10m, not 10m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
