package tools

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// schema is the part of JSON Schema that tools need: types, required, enum,
// lengths, bounds, pattern (RE2), items, additionalProperties as true or false.
// A word that it doesn't know is an error when the tool is made, so that no
// author believes in a check that nobody does.
type schema struct {
	Type        string             `json:"type"`
	Title       string             `json:"title"`
	Description string             `json:"description"`
	Examples    []any              `json:"examples"`
	Default     any                `json:"default"`
	Properties  map[string]*schema `json:"properties"`
	Required    []string           `json:"required"`
	Additional  *bool              `json:"additionalProperties"`
	Items       *schema            `json:"items"`
	MaxItems    *int               `json:"maxItems"`
	Enum        []any              `json:"enum"`
	MinLength   *int               `json:"minLength"` // in characters
	MaxLength   *int               `json:"maxLength"` // in characters
	Minimum     *float64           `json:"minimum"`
	Maximum     *float64           `json:"maximum"`
	Pattern     string             `json:"pattern"`

	pattern *regexp.Regexp
}

func parseSchema(b json.RawMessage) (*schema, error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return &schema{Type: "object"}, nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	d.UseNumber()
	s := new(schema)
	if err := d.Decode(s); err != nil {
		return nil, err
	}
	if s.Type != "object" {
		return nil, fmt.Errorf("type is %q, want \"object\"", s.Type)
	}
	return s, s.compile("")
}

var types = []string{"object", "array", "string", "number", "integer", "boolean", "null"}

func (s *schema) compile(at string) error {
	if s.Type != "" && !slices.Contains(types, s.Type) {
		return fmt.Errorf("%stype %q is none of %s", at, s.Type, strings.Join(types, ", "))
	}
	for _, name := range s.Required {
		if s.Properties[name] == nil {
			return fmt.Errorf("%s%q is required and not among the properties", at, name)
		}
	}
	if s.Pattern != "" {
		re, err := regexp.Compile(s.Pattern)
		if err != nil {
			return fmt.Errorf("%spattern: %w", at, err)
		}
		s.pattern = re
	}
	for name, p := range s.Properties {
		if p == nil {
			return fmt.Errorf("%sproperty %q is null", at, name)
		}
		if err := p.compile(at + name + ": "); err != nil {
			return err
		}
	}
	if s.Items != nil {
		return s.Items.compile(at + "items: ")
	}
	return nil
}

// arguments reads what a model wrote, checks it, and returns it as an object:
// nothing and null count as none.
func (s *schema) arguments(b json.RawMessage) (json.RawMessage, error) {
	if len(b) > MaxArguments {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", errTooLong, len(b), MaxArguments)
	}
	b = bytes.TrimSpace(b)
	if len(b) == 0 || string(b) == "null" {
		b = json.RawMessage("{}")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errors.New("not a JSON object")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	return b, s.check("", v)
}
