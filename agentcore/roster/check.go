package roster

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// Bounds of a definition, besides those of its parts.
const (
	maxName     = 255
	maxGreeting = 2_000
	maxTools    = 64
)

// Languages are those that an agent may speak (seed 001, "Agent Validations").
var Languages = []string{"en-US"}

// Terms is what the wishes for an agent are held against: what a workspace is
// offered, and what its operator allows. Its methods ask nobody.
type Terms struct {
	ASR, LLM  []Capability
	Voices    Voices
	AllowHTTP bool                         // addresses may be plain http
	Seal      func(string) (Secret, error) // of webhooks' secrets. Required.
	Open      func(Secret) (string, error) // what it sealed. When nil, a secret that is given is always a new one.
	UUID      func() string                // of new tools and webhooks. Required.
	Who       Actor
	Now       time.Time
}

// Create makes the definition that body wishes for: a JSON object with numbers
// as [json.Number]. All that is wrong with it is told at once. An error of
// another kind is the sealer's.
func (t Terms) Create(body map[string]any) (Definition, error) {
	d := Definition{Enabled: true, Languages: slices.Clone(Languages), Variables: map[string]any{}, Turn: defaultTurn(),
		SystemTools: defaultSystemTools(), Tools: []Tool{}, Webhooks: []Webhook{}}
	if body = maps.Clone(body); body == nil {
		body = map[string]any{}
	}
	for _, required := range []string{"name", "voice_uuid"} {
		if _, ok := body[required]; !ok {
			body[required] = nil
		}
	}
	return t.apply(d, body, true)
}

// Change merges body into d, which stays as it is: absent fields keep their
// values, null puts back the default. Lists are replaced; their tools and
// webhooks keep their identity by name and by type.
func (t Terms) Change(d Definition, body map[string]any) (Definition, error) {
	return t.apply(d.Clone(), body, false)
}

func (t Terms) apply(d Definition, body map[string]any, fresh bool) (Definition, error) {
	var wrong Problems
	f := form{body, "", &wrong}
	f.line("name", maxName, &d.Name)
	t.voice(f, &d)
	t.fallbackVoices(f, &d)
	languages(f, &d)
	variables(f, &d)
	f.flag("enabled", true, &d.Enabled)
	f.textOrNull("greeting", maxGreeting, &d.Greeting)
	t.asr(f, &d)
	turn(f, &d)
	t.llm(f, &d)
	systemTools(f, &d, fresh)
	callback(f, &d)
	if err := t.tools(f, &d); err != nil {
		return d, err
	}
	if err := t.webhooks(f, &d); err != nil {
		return d, err
	}
	t.together(f, d)
	assigned(f, d)
	if len(wrong) > 0 {
		return d, wrong
	}
	return d, nil
}

func (t Terms) voice(f form, d *Definition) {
	if !f.text("voice_uuid", maxName, "", &d.VoiceUUID) {
		return
	}
	if d.VoiceUUID == "" {
		f.refuse("voice_uuid", blank)
	} else if !t.Voices.May(d.VoiceUUID) {
		f.refuse("voice_uuid", noVoice)
	}
}

// noVoice refuses a voice that no list has.
const noVoice = "Voice not found or not accessible"

func languages(f form, d *Definition) {
	var all []string
	if !f.texts("languages", 16, 35, &all) {
		return
	}
	if len(all) == 0 {
		all = Languages
	}
	d.Languages = nil
	for _, l := range all {
		if !slices.Contains(Languages, l) {
			f.refuse("languages", notIncluded)
		} else if !slices.Contains(d.Languages, l) {
			d.Languages = append(d.Languages, l)
		}
	}
}

func variables(f form, d *Definition) {
	v, ok := f.in["dynamic_variables"]
	if !ok {
		return
	}
	set, is := v.(map[string]any)
	if v != nil && !is {
		f.refuse("dynamic_variables", "Dynamic variables must be a flat hash.")
		return
	}
	wrong := vars.Check(set)
	for i, message := range wrong {
		if i == 20 {
			f.refuse("dynamic_variables", "%d more problems.", len(wrong)-i)
			break
		}
		f.refuse("dynamic_variables", "%s", message)
	}
	d.Variables = map[string]any{}
	maps.Copy(d.Variables, set)
}

// together tells which parts do not go together (seed 001, "Interoperability
// Validations"): a voice must speak a language of the agent's, as its recogniser
// hears all of [Languages].
func (t Terms) together(f form, d Definition) {
	if !f.has("voice_uuid") && !f.has("fallback_voice_uuids") && !f.has("languages") {
		return
	}
	for i, uuid := range d.VoiceUUIDs() {
		field := "voice_uuid"
		if i > 0 {
			field = fmt.Sprintf("fallback_voice_uuids.%d", i-1)
		}
		if v, ok := t.Voices.Find(uuid); ok && !v.Speaks(d.Languages) {
			f.refuse(field, "Voice '%.80s' speaks %.40s, which is not one of the agent's languages", v.Name, v.Language)
		}
	}
	apart(f, "fallback_voice_uuids", d.VoiceUUID, d.FallbackVoices)
}

// assigned tells of assignments to variables that the agent doesn't have: at
// the assignment if it is new, else at the variables, which lost one.
func assigned(f form, d Definition) {
	check := func(list string, i int, field, owner string, all []Assignment) {
		for j, one := range all {
			if _, ok := d.Variables[one.Variable]; ok || one.Variable == "" {
				continue
			}
			if f.has(list) {
				f.refuse(fmt.Sprintf("%s.%d.%s.%d.dynamic_variable", list, i, field, j), noVariable)
			} else if f.has("dynamic_variables") {
				f.refuse("dynamic_variables", "Dynamic variable '%.80s' can't be removed: %s assigns it.", one.Variable, owner)
			}
		}
	}
	for i, tool := range d.Tools {
		check("tools", i, "tool_config.assignments", fmt.Sprintf("tool '%.80s'", tool.Name), tool.Config.Assignments)
	}
	for i, hook := range d.Webhooks {
		check("webhooks", i, "webhook_config.assignments", "the "+hook.Type+" webhook", hook.Config.Assignments)
	}
}

// noVariable refuses an assignment to nowhere.
const noVariable = "must exist in the agent's dynamic variables"

// Missing tells what d lacks to take calls, in the words of seed 000; nil when
// it lacks nothing.
func Missing(d Definition) []string {
	var missing []string
	for _, part := range []struct {
		name string
		ok   bool
	}{
		{"ASR", d.ASR != nil && d.ASR.Provider != "" && d.ASR.Model != ""},
		{"TTS", d.VoiceUUID != ""},
		{"turn", d.Turn != nil},
		{"LLM", d.LLM != nil && given(d.LLM.Provider) && given(d.LLM.Model)},
	} {
		if !part.ok {
			missing = append(missing, "Agent "+part.name+" configuration is missing")
		}
	}
	return missing
}

func given(s *string) bool { return s != nil && *s != "" }
