package declare

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// shortText is how many letters of a text stand on a diff's line.
const shortText = 40

// brief is a value on one line.
func (r *rule) brief(v any) string {
	if r.masked {
		return "set"
	}
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return word(v)
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		parts := make([]string, 0, len(v))
		for _, item := range v {
			if _, text := item.(string); !text {
				return some(len(v), "item")
			}
			parts = append(parts, item.(string))
		}
		return clip(strings.Join(parts, ", "))
	case map[string]any:
		if s := address(v); s != "" {
			return s
		}
		return some(len(v), "field")
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// word is a text as it stands in a line: bare when it is one word.
func word(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n\"") && utf8.RuneCountInString(s) <= shortText {
		return s
	}
	if lines := strings.Count(strings.TrimRight(s, "\n"), "\n"); lines > 0 {
		return some(lines+1, "line")
	}
	if utf8.RuneCountInString(s) > shortText {
		s = string([]rune(s)[:shortText-3]) + "..."
	}
	return `"` + s + `"`
}

func some(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// address is where a tool or a webhook goes, without its query.
func address(v map[string]any) string {
	for _, key := range []string{"tool_config", "webhook_config"} {
		config, _ := v[key].(map[string]any)
		schema, _ := config["api_schema"].(map[string]any)
		method, _ := schema["method"].(string)
		url, _ := schema["url"].(string)
		if url == "" {
			continue
		}
		url, _, _ = strings.Cut(url, "?")
		if method == "" {
			method = "POST"
		}
		return method + " " + clip(url)
	}
	kind, _ := v["tool_type"].(string)
	return kind
}
