package docs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// document is the part of OpenAPI 3.1 that the page shows.
type document struct {
	Info       struct{ Title, Version, Description string }
	Tags       []struct{ Name, Description string }
	Paths      map[string]map[string]*operation
	Components struct {
		Schemas   map[string]*schema
		Responses map[string]response
	}
}

type operation struct {
	Tags        []string
	Summary     string
	Description string
	OperationID string `json:"operationId"`
	Parameters  []parameter
	RequestBody *struct {
		Required bool
		Content  map[string]media
	} `json:"requestBody"`
	Responses map[string]response

	Method, Path string `json:"-"`
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Schema                *schema
}

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]media
}

type media struct {
	Schema  *schema
	Example json.RawMessage
}

type schema struct {
	Ref         string `json:"$ref"`
	Type        any    // a string or a list of them
	Format      string
	Description string
	Enum        []any
	Default     any
	Items       *schema
	Properties  map[string]*schema
	Required    []string
	AnyOf       []*schema `json:"anyOf"`
	More        any       `json:"additionalProperties"` // a schema or a boolean
}

func read(data []byte) (*document, error) {
	d := &document{}
	if err := json.Unmarshal(data, d); err != nil {
		return nil, fmt.Errorf("docs: %w", err)
	}
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.Method, op.Path = strings.ToUpper(method), path
		}
	}
	return d, nil
}

// chapter is a tag with its operations.
type chapter struct {
	Name, About string
	Operations  []*operation
}

// chapters sorts the operations under their tags, by path and method.
func (d *document) chapters() []chapter {
	var out []chapter
	for _, tag := range d.Tags {
		c := chapter{Name: tag.Name, About: tag.Description}
		for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
			for _, op := range d.Paths[path] {
				if slices.Contains(op.Tags, tag.Name) {
					c.Operations = append(c.Operations, op)
				}
			}
		}
		slices.SortStableFunc(c.Operations, func(x, y *operation) int {
			return cmp.Or(strings.Compare(x.Path, y.Path), cmp.Compare(rank(x.Method), rank(y.Method)))
		})
		if len(c.Operations) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// rank puts reading before writing.
func rank(method string) int {
	return slices.Index([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method)
}

// field is one line of a table of fields.
type field struct {
	Name, Type, About string
	Required          bool
}

// maxFields and maxDeep bound a table; schemas may be recursive.
const (
	maxFields = 120
	maxDeep   = 5
)

// fields lists what a schema holds, nested fields under dotted names.
func (d *document) fields(s *schema) []field {
	var out []field
	d.walk(s, "", 0, &out)
	return out
}

func (d *document) walk(s *schema, prefix string, deep int, out *[]field) {
	s = d.resolve(s)
	if s == nil || deep > maxDeep {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		if len(*out) >= maxFields {
			return
		}
		*out = append(*out, field{Name: prefix + name, Type: d.typeOf(p), About: d.about(p), Required: slices.Contains(s.Required, name)})
		in := d.resolve(p)
		switch {
		case in != nil && in.Items != nil:
			d.walk(in.Items, prefix+name+"[].", deep+1, out)
		case in != nil:
			d.walk(in, prefix+name+".", deep+1, out)
		}
	}
}

// resolve follows references, and takes the part of a choice that isn't null.
func (d *document) resolve(s *schema) *schema {
	for range maxDeep {
		switch {
		case s == nil:
			return nil
		case s.Ref != "":
			s = d.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
		case len(s.AnyOf) > 0:
			s = s.AnyOf[0]
		default:
			return s
		}
	}
	return s
}

func (d *document) about(s *schema) string {
	text := s.Description
	if in := d.resolve(s); text == "" && in != nil {
		text = in.Description
	}
	if len(s.Enum) > 0 {
		var all []string
		for _, v := range s.Enum {
			all = append(all, fmt.Sprintf("`%v`", v))
		}
		text = strings.TrimSpace(text + " One of " + strings.Join(all, ", ") + ".")
	}
	if s.Default != nil {
		b, _ := json.Marshal(s.Default)
		text = strings.TrimSpace(text + " Default `" + string(b) + "`.")
	}
	return text
}

func (d *document) typeOf(s *schema) string {
	null := ""
	for _, one := range s.AnyOf {
		if one.Type == "null" {
			null = " or null"
		}
	}
	s = d.resolve(s)
	if s == nil {
		return "any"
	}
	if s.Items != nil {
		return "array of " + d.typeOf(s.Items) + null
	}
	switch t := s.Type.(type) {
	case string:
		return t + null
	case []any:
		var all []string
		for _, one := range t {
			all = append(all, fmt.Sprint(one))
		}
		return strings.Join(all, " or ")
	}
	return "any" + null
}

// pretty indents JSON.
func pretty(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return string(raw)
	}
	return b.String()
}
