package answer

import (
	"encoding/json"
	"slices"
	"testing"
)

// Words come from whoever is on the line. Whatever they are, the verdict can be
// written down, and names no phrase but our own.
func FuzzWords(f *testing.F) {
	f.Add("hello ''' \u2019 \u00df press 1", "a\xff\x00\u6f22")
	f.Add("you've reached bob, leave a mess", "age after the tone")
	f.Add("secret 4111 your mail box is full", "\u0130\u0130\u0130 d\u00e9tr\u00e8s")
	f.Fuzz(func(t *testing.T, first, second string) {
		for language, list := range lists() {
			var own []string
			for _, p := range list.phrases {
				own = append(own, `like "`+p.shown+`"`)
			}
			j := NewJudge(JudgeConfig{Language: language})
			for n, w := range []Words{{Text: first}, {Text: first, Final: true}, {Text: second, Final: true}} {
				w.Began, w.Ended = seconds(float64(n)), seconds(float64(n+1))
				v := j.Understood(w, w.Ended).Verdict
				if _, err := json.Marshal(v); err != nil {
					t.Fatalf("%s: %v", language, err)
				}
				for _, e := range v.Evidence {
					if e.Kind == byWords && !slices.Contains(own, e.What) {
						t.Fatalf("%s: evidence %+v", language, e)
					}
				}
			}
		}
	})
}
