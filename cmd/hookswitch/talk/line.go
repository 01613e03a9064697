package talk

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// Limits of one line.
const (
	mostLetters = 500
	mostKeys    = 12
)

// help is what /help says.
const help = `  a line          is spoken when the agent has answered the one before
  !a line         is spoken at once, over the agent
  [1]  /press 1   presses keys: 0-9 * #
  /hangup  Ctrl-D hangs up
`

// line is what a person typed, understood.
type line struct {
	say    string
	keys   string
	hangup bool
	help   bool
	over   bool // at once, over the agent
}

// parse understands text. The zero line means that there is nothing to do.
func parse(text string) (l line, err error) {
	text = strings.TrimSpace(text)
	text, l.over = strings.CutPrefix(text, "!")
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return line{}, nil
	case strings.HasPrefix(text, "/"):
		return l, l.command(text[1:])
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		return l, l.press(text[1 : len(text)-1])
	}
	if n := len([]rune(text)); n > mostLetters {
		return l, mistake(fmt.Sprintf("%d letters are too many for one line", n), fmt.Sprintf("at most %d", mostLetters))
	}
	l.say = text
	return l, nil
}

func (l *line) command(text string) error {
	verb, rest, _ := strings.Cut(text, " ")
	switch verb {
	case "press":
		return l.press(rest)
	case "hangup":
		l.hangup = true
	case "help":
		l.help = true
	default:
		mend := "there are /press 1, /hangup and /help"
		if near := fault.Nearest(verb, []string{"press", "hangup", "help"}); near != "" {
			mend = "did you mean /" + near + "?"
		}
		return mistake(fmt.Sprintf("%q is not a command of this call", "/"+verb), mend)
	}
	return nil
}

func (l *line) press(keys string) error {
	l.keys = strings.ReplaceAll(keys, " ", "")
	if l.keys == "" || len(l.keys) > mostKeys || strings.Trim(l.keys, "0123456789*#") != "" {
		return mistake("those are not keys of a phone", fmt.Sprintf("up to %d of 0-9 * #: [1], /press 42#", mostKeys))
	}
	return nil
}

func mistake(what, mend string) error {
	return &fault.Fault{What: what, Mend: mend, Code: "talk/line", Exit: fault.Wrong}
}

// at tells where a mistake stands.
func at(err error, number int) error {
	var f *fault.Fault
	if errors.As(err, &f) {
		f.Where = fault.Keep(fmt.Sprintf("stdin:%d", number))
	}
	return err
}
