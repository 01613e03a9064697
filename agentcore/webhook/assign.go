package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// Response is the source of an assignment that reads the answer.
const Response = "response"

// maxPath is how many steps a path into an answer may have.
const maxPath = 32

// Assign takes variables out of an answer's JSON body. An attribute is the name
// of a member or a path: customer.name, orders[0].id, orders.0.id. Only scalars
// within the bounds of variables are taken. Every assignment that comes to
// nothing is told as a problem, in words that hold no value, and leaves its
// variable as it was; assignments of other sources are left to others.
func Assign(as []roster.Assignment, body []byte) (vars.Set, []string) {
	got := vars.Set{}
	var problems []string
	var answer any
	read := false
	for _, a := range as {
		if a.Source != Response {
			continue
		}
		if !read {
			read = true
			if err := decode(body, &answer); err != nil {
				return got, []string{"the answer is no JSON: nothing was assigned"}
			}
		}
		value, ok := at(answer, a.Attribute)
		if !ok {
			problems = append(problems, fmt.Sprintf("the answer has no %.80q", a.Attribute))
			continue
		}
		if wrong := vars.Check(map[string]any{a.Variable: value}); wrong != nil {
			problems = append(problems, fmt.Sprintf("%.80q can't be assigned: %s", a.Attribute, wrong[0]))
			continue
		}
		if _, had := got[a.Variable]; !had && len(got) == vars.MaxCount {
			problems = append(problems, fmt.Sprintf("%.80q can't be assigned: there are too many variables", a.Attribute))
			continue
		}
		got[a.Variable] = value
	}
	return got, problems
}

var errTrailing = errors.New("webhook: more than one JSON value")

func decode(body []byte, into *any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errTrailing
	}
	return nil
}

// at finds what path leads to. A member that is called like the whole path
// comes first.
func at(v any, path string) (any, bool) {
	if object, is := v.(map[string]any); is {
		if member, ok := object[path]; ok {
			return member, true
		}
	}
	steps := strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
	if steps[0] == "" { // "[0].id"
		steps = steps[1:]
	}
	if len(steps) == 0 || len(steps) > maxPath {
		return nil, false
	}
	for _, step := range steps {
		switch in := v.(type) {
		case map[string]any:
			member, ok := in[step]
			if !ok {
				return nil, false
			}
			v = member
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(in) {
				return nil, false
			}
			v = in[i]
		default:
			return nil, false
		}
	}
	return v, true
}
