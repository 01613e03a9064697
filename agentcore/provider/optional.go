package provider

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
)

// Optional are the fields of a request that a server may refuse, as a model
// without a temperature does. What it has refused once needn't be sent again.
// It is used by many calls at once.
type Optional struct {
	fields  []string
	refused atomic.Uint64 // a bit for each field
}

// NewOptional is the optional fields by their names in a request; at most 64.
func NewOptional(fields ...string) *Optional { return &Optional{fields: fields} }

// Refused reports whether the server was seen to refuse field.
func (o *Optional) Refused(field string) bool {
	i := slices.Index(o.fields, field)
	return i >= 0 && o.refused.Load()&(1<<i) != 0
}

// Learn looks whether res refuses a request because of one of the fields, which
// it names if so, and notes it. The body of res can be read afterwards as
// before. Of what the server wrote nothing else is kept.
func (o *Optional) Learn(res *http.Response) (field string) {
	if res.StatusCode != http.StatusBadRequest && res.StatusCode != http.StatusUnprocessableEntity {
		return ""
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, mostErrorBody)) // without a name it is an error as well
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	i := slices.Index(o.fields, o.named(body))
	if i < 0 {
		return ""
	}
	o.refused.Or(1 << i)
	return o.fields[i]
}

// elsewhere begins what is wrong with a part of a request whose names are not
// ours: a tool may be called "temperature", and a caller may have said so.
var elsewhere = regexp.MustCompile(`^(tools|functions|messages)([.\[]|$)`)

// named is the field that an error's body is about: as error.param says, else
// the first that its text names.
func (o *Optional) named(body []byte) string {
	var b struct{ Error any }
	if json.Unmarshal(body, &b) != nil {
		return ""
	}
	m, _ := b.Error.(map[string]any)
	param, _ := m["param"].(string)
	text, _ := m["message"].(string)
	switch {
	case slices.Contains(o.fields, param):
		return param
	case elsewhere.MatchString(param), elsewhere.MatchString(text):
		return ""
	}
	words := strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
	for _, w := range words {
		if slices.Contains(o.fields, w) {
			return w
		}
	}
	return ""
}
