package roster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Problem is what is wrong with one field.
type Problem struct {
	Field    string   // dotted: "llm.temperature"; "base" for no field in particular
	Messages []string // in the words of the API: "can't be blank"
}

// Problems is all that is wrong with a request, in the order in which it was
// found. Its JSON is an object of lists of messages, in that order (seed 001,
// "Response (Error)"). The nil Problems means that nothing is wrong.
type Problems []Problem

// Add notes message of field, once.
func (p *Problems) Add(field, format string, args ...any) {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	i := slices.IndexFunc(*p, func(one Problem) bool { return one.Field == field })
	if i < 0 {
		*p = append(*p, Problem{Field: field, Messages: []string{message}})
		return
	}
	if !slices.Contains((*p)[i].Messages, message) {
		(*p)[i].Messages = append((*p)[i].Messages, message)
	}
}

// Of returns the messages of field.
func (p Problems) Of(field string) []string {
	for _, one := range p {
		if one.Field == field {
			return one.Messages
		}
	}
	return nil
}

// Error implements error: a line for people.
func (p Problems) Error() string {
	var all []string
	for _, one := range p {
		all = append(all, one.Field+" "+strings.Join(one.Messages, ", "))
	}
	return strings.Join(all, "; ")
}

// MarshalJSON implements [json.Marshaler].
func (p Problems) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		field, err := json.Marshal(one.Field)
		if err != nil {
			return nil, err
		}
		messages, err := json.Marshal(one.Messages)
		if err != nil {
			return nil, err
		}
		b.Write(field)
		b.WriteByte(':')
		b.Write(messages)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON implements [json.Unmarshaler], and keeps the order.
func (p *Problems) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	first, err := dec.Token()
	if err != nil {
		return err
	}
	if first != json.Delim('{') {
		return fmt.Errorf("roster: problems are %v, not an object", first)
	}
	var all Problems
	for dec.More() {
		field, err := dec.Token()
		if err != nil {
			return err
		}
		var messages []string
		if err := dec.Decode(&messages); err != nil {
			return err
		}
		all = append(all, Problem{Field: field.(string), Messages: messages})
	}
	*p = all
	return nil
}
