package roster

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Difference is one place in which two definitions are not alike. A side that
// has nothing there is nil.
type Difference struct {
	Path string `json:"path"` // "llm.prompt", "tools.book.description", "webhooks.pre_call.webhook_config"
	From any    `json:"from"`
	To   any    `json:"to"`
}

// Diff tells how two definitions differ, by path. Tools are told apart by name,
// webhooks by type; ids and times are no difference. Secrets are never shown,
// only that they are others.
func Diff(from, to Definition) ([]Difference, error) {
	a, err := plain(from)
	if err != nil {
		return nil, err
	}
	b, err := plain(to)
	if err != nil {
		return nil, err
	}
	var out []Difference
	diff("", a, b, &out)
	return out, nil
}

// plain is d as JSON without what is no difference.
func plain(d Definition) (any, error) {
	raw, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("roster: definition: %w", err)
	}
	var v any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("roster: definition: %w", err)
	}
	all := v.(map[string]any)
	all["tools"] = named(all["tools"], "name")
	all["webhooks"] = named(all["webhooks"], "webhook_type")
	tools, _ := all["system_tools"].(map[string]any)
	for _, tool := range tools {
		delete(tool.(map[string]any), "id")
	}
	return all, nil
}

// named turns a list of objects into objects by the field that tells them
// apart, without what is no difference.
func named(list any, by string) map[string]any {
	out := map[string]any{}
	items, _ := list.([]any)
	for _, item := range items {
		m := item.(map[string]any)
		name := fmt.Sprint(m[by])
		for _, no := range []string{by, "id", "uuid", "created_by", "created_at", "updated_at"} {
			delete(m, no)
		}
		out[name] = m
	}
	return out
}

func diff(path string, a, b any, out *[]Difference) {
	am, aok := a.(map[string]any)
	bm, bok := b.(map[string]any)
	if aok && bok {
		names := slices.Collect(maps.Keys(am))
		for name := range bm {
			if _, both := am[name]; !both {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			diff(strings.TrimPrefix(path+"."+name, "."), am[name], bm[name], out)
		}
		return
	}
	if empty(a) && empty(b) || same(a, b) {
		return
	}
	d := Difference{Path: path, From: a, To: b}
	if secret(path) {
		d.From, d.To = hide(a, "[a secret]"), hide(b, "[a secret]")
		if a != nil && b != nil {
			d.To = "[another secret]"
		}
	}
	if path == ownKeys { // all of them came, or went
		d.From, d.To = maskedKeys(a), maskedKeys(b)
	}
	d.From, d.To = masked(d.From), masked(d.To)
	*out = append(*out, d)
}

// empty reports whether v says nothing: a list or an object without members is
// as good as none.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func same(a, b any) bool {
	x, isX := number(a)
	y, isY := number(b)
	if isX && isY && fmt.Sprint(a) != fmt.Sprint(b) {
		return x == y && x < 1<<53 && x > -1<<53 // 1 and 1.0, but not two long numbers
	}
	return reflect.DeepEqual(a, b) || isX && isY
}

// ownKeys is where a definition has its sealed keys.
const ownKeys = "provider_keys"

// secret reports whether what is at path must not be shown: a signing secret, a
// provider's key, or a header that lets somebody in.
func secret(path string) bool {
	at := path[strings.LastIndexByte(path, '.')+1:]
	return at == "secret" || strings.HasPrefix(path, ownKeys+".") ||
		strings.Contains(path, ".request_headers.") && secretHeader(at)
}

func secretHeader(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"authorization", "cookie", "key", "token", "secret", "password"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

func hide(v any, as string) any {
	if v == nil {
		return nil
	}
	return as
}

// masked is v without the secrets within it, for a side that is there as a whole.
func masked(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for name, member := range m {
		switch {
		case name == "secret":
			out[name] = hide(member, "[a secret]")
		case name == "request_headers":
			out[name] = maskedHeaders(member)
		default:
			out[name] = masked(member)
		}
	}
	return out
}

func maskedHeaders(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for name, value := range m {
		out[name] = value
		if secretHeader(name) {
			out[name] = hide(value, "[a secret]")
		}
	}
	return out
}

// maskedKeys names the keys that v has.
func maskedKeys(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for name := range m {
		out[name] = "[a secret]"
	}
	return out
}
