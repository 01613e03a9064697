package v2

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// orNull is an object that is null when there is none.
type orNull[T any] struct{ Is *T }

// MarshalJSON implements [json.Marshaler].
func (o orNull[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.Is) }

// UnmarshalJSON implements [json.Unmarshaler].
func (o *orNull[T]) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &o.Is) }

// Schema implements [huma.SchemaProvider].
func (orNull[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}

// nullable lets objects of s be null, too.
func nullable(s *huma.Schema, names ...string) *huma.Schema {
	for _, name := range names {
		is := *s.Properties[name]
		about := is.Description
		is.Description = ""
		s.Properties[name] = &huma.Schema{AnyOf: []*huma.Schema{&is, {Type: "null"}}, Description: about}
	}
	return s
}

// stamp is a time in an answer: UTC, to the second, as in the seeds. The zero
// stamp is null.
type stamp time.Time

// MarshalJSON implements [json.Marshaler].
func (s stamp) MarshalJSON() ([]byte, error) {
	if time.Time(s).IsZero() {
		return []byte("null"), nil
	}
	return time.Time(s).UTC().AppendFormat(nil, `"`+time.RFC3339+`"`), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (s *stamp) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, (*time.Time)(s)) }

// Schema implements [huma.SchemaProvider].
func (stamp) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Format: "date-time", Examples: []any{"2025-01-27T10:00:00Z"}}
}

// stampOrNull is a time that may not have come yet.
type stampOrNull struct{ stamp }

// Schema implements [huma.SchemaProvider].
func (stampOrNull) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Format: "date-time", Nullable: true}
}

// anything is any JSON, null included.
type anything struct{ is any }

// MarshalJSON implements [json.Marshaler].
func (a anything) MarshalJSON() ([]byte, error) { return json.Marshal(a.is) }

// Schema implements [huma.SchemaProvider]. It names the types, because readers
// of documents differ in whether no type allows null.
func (anything) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"},
		{Type: "array", Items: &huma.Schema{}}, {Type: "object", AdditionalProperties: true}, {Type: "null"}}}
}

// object is a JSON object of any content.
type object map[string]any

// Schema implements [huma.SchemaProvider].
func (object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "object", AdditionalProperties: true}
}
