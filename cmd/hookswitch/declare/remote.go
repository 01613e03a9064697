package declare

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Remote is an agent as the API shows it with advanced=true, in the shape of a
// file: without what the gateway alone gives, such as ids and times.
func Remote(item json.RawMessage) (map[string]any, error) {
	v, err := parse(item)
	if err != nil {
		return nil, fmt.Errorf("declare: %w", err)
	}
	all, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("declare: an agent is no %T", v)
	}
	head, _ := all["agent"].(map[string]any)
	tts, _ := all["tts"].(map[string]any)
	flat := map[string]any{
		"name": head["name"], "languages": head["languages"], "dynamic_variables": head["dynamic_variables"],
		"voice_uuid": tts["voice_uuid"], "phone_numbers": numbers(all["phone_numbers"]),
	}
	if others, there := tts["fallback_voice_uuids"]; there {
		flat["fallback_voice_uuids"] = others
	}
	for _, name := range []string{"enabled", "greeting", "asr", "turn", "llm", "system_tools", "tools", "webhooks", "smart_callback"} {
		if value, there := all[name]; there {
			flat[name] = value
		}
	}
	fields, _ := agent.known(flat).(map[string]any)
	return fields, nil
}

// Definition is a version of an agent as the API shows it, in the shape of a
// file. It has no numbers.
func Definition(body json.RawMessage) (map[string]any, error) {
	v, err := parse(body)
	if err != nil {
		return nil, fmt.Errorf("declare: %w", err)
	}
	fields, ok := agent.known(v).(map[string]any)
	if !ok {
		return nil, fmt.Errorf("declare: a version is no %T", v)
	}
	delete(fields, "uuid")
	return fields, nil
}

// numbers are the phone numbers of an agent, sorted.
func numbers(v any) []any {
	var texts []string
	items, _ := v.([]any)
	for _, item := range items {
		m, _ := item.(map[string]any)
		if n, ok := m["phone_number"].(string); ok {
			texts = append(texts, n)
		}
	}
	slices.Sort(texts)
	out := make([]any, 0, len(texts))
	for _, n := range texts {
		out = append(out, n)
	}
	return out
}

// known is v without the fields that no file has, and without secrets.
func (r *rule) known(v any) any {
	switch v := v.(type) {
	case map[string]any:
		switch r.kind {
		case object:
			out := map[string]any{}
			for i := range r.fields {
				f := &r.fields[i]
				if value, there := v[f.name]; there && !f.secret {
					out[f.name] = f.known(value)
				}
			}
			return out
		case dict:
			out := map[string]any{}
			for name, value := range v {
				out[name] = r.of.known(value)
			}
			return out
		}
	case []any:
		if r.kind == list {
			out := make([]any, 0, len(v))
			for _, item := range v {
				out = append(out, r.of.known(item))
			}
			return out
		}
	}
	return v
}

// Body is what has to be sent to the API so that have becomes want: the fields
// that differ, each of them whole. Numbers that lead to the agent are left out:
// they are linked on their own.
func Body(have, want map[string]any) map[string]any {
	body := map[string]any{}
	for i := range agent.fields {
		f := &agent.fields[i]
		if f.name == "phone_numbers" || f.name == "uuid" {
			continue
		}
		value, there := want[f.name]
		if there && (have == nil || f.hasSecret(value) || !f.same(have[f.name], value)) {
			body[f.name] = value
		}
	}
	return body
}

// hasSecret reports whether something that is only ever written stands in v.
func (r *rule) hasSecret(v any) bool {
	switch v := v.(type) {
	case []any:
		return r.kind == list && slices.ContainsFunc(v, r.of.hasSecret)
	case map[string]any:
		for i := range r.fields {
			f := &r.fields[i]
			if value, there := v[f.name]; there && (f.secret || f.hasSecret(value)) {
				return true
			}
		}
	}
	return false
}

// Texts are the texts of the list called name, such as phone_numbers. ok is
// false when fields do not have it.
func Texts(fields map[string]any, name string) (texts []string, ok bool) {
	items, ok := fields[name].([]any)
	for _, item := range items {
		if s, is := item.(string); is {
			texts = append(texts, s)
		}
	}
	return texts, ok
}
