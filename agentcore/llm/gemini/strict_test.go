package gemini_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// body is a GenerateContentRequest, of the fields that we send.
type body struct {
	Contents          []content
	SystemInstruction *content
	Tools             []struct {
		FunctionDeclarations []struct {
			Name, Description    string
			ParametersJSONSchema any `json:"parametersJsonSchema"`
		}
	}
	GenerationConfig struct {
		Temperature     *float64
		MaxOutputTokens *int
		ThinkingConfig  *struct {
			ThinkingBudget *int
			ThinkingLevel  string
		}
	}
}

type content struct {
	Role  string
	Parts []struct {
		Text             string
		ThoughtSignature string
		FunctionCall     *struct {
			ID, Name string
			Args     map[string]any
		}
		FunctionResponse *struct {
			ID, Name string
			Response map[string]any
		}
	}
}

// unsigned is what the documentation of thought signatures offers for calls that
// have none, as bytes are written in JSON.
var unsigned = base64.StdEncoding.EncodeToString([]byte("skip_thought_signature_validator"))

// strict fails the test for what Google refuses, or is known to trip over.
func strict(t testing.TB, model string, raw []byte) (b body) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		t.Errorf("the request is not what the API knows: %v: %s", err, raw)
		return b
	}
	bad := func(why string) { t.Errorf("%s: %s", why, raw) }
	if b.SystemInstruction != nil && (len(b.SystemInstruction.Parts) == 0 || b.SystemInstruction.Parts[0].Text == "") {
		bad("empty system instruction")
	}
	if c := b.GenerationConfig.ThinkingConfig; c != nil {
		switch {
		case c.ThinkingBudget != nil && c.ThinkingLevel != "":
			bad("both a budget and a level")
		case c.ThinkingLevel == "MINIMAL" && (strings.Contains(model, "3.8") || strings.Contains(model, "pro") || strings.Contains(model, "-4-")):
			bad("this model has no level minimal")
		}
	}
	if len(b.Contents) == 0 || b.Contents[0].Role != "user" || b.Contents[len(b.Contents)-1].Role != "user" {
		bad("it must begin and end with the user")
		return b
	}
	for i, c := range b.Contents {
		calls, results, texts := 0, 0, 0
		for _, p := range c.Parts {
			kinds := 0
			if p.Text != "" {
				texts++
				kinds++
			}
			if p.FunctionCall != nil {
				calls++
				kinds++
			}
			if p.FunctionResponse != nil {
				results++
				kinds++
			}
			if kinds != 1 {
				bad("a part must have one kind of data")
			}
		}
		switch {
		case len(c.Parts) == 0:
			bad("empty content")
		case c.Role == "model" && (results > 0 || b.Contents[i-1].Role != "user"):
			bad("a model's turn must follow one of the user's, and has no results")
		case c.Role == "user" && (calls > 0 || results > 0 && texts > 0):
			bad("the user calls no functions, and results stand alone")
		case results > 0 && countCalls(b.Contents[i-1]) != results:
			bad("the number of function response parts must be equal to the number of function call parts")
		case calls > 0 && (i+1 == len(b.Contents) || countResults(b.Contents[i+1]) != calls):
			bad("a function call turn must be followed by its results")
		}
		signed(t, model, c, raw)
	}
	return b
}

// signed fails the test when the first call of a step has no signature, and its
// model is of those that want one.
func signed(t testing.TB, model string, c content, raw []byte) {
	if !strings.HasPrefix(model, "gemini-3") && !strings.HasPrefix(model, "gemini-4") {
		return
	}
	for _, p := range c.Parts {
		if p.FunctionCall != nil {
			if p.ThoughtSignature == "" {
				t.Errorf("Function call is missing a thought_signature in functionCall parts: %s", raw)
			}
			return
		}
	}
}

func countCalls(c content) (n int) {
	for _, p := range c.Parts {
		if p.FunctionCall != nil {
			n++
		}
	}
	return n
}

func countResults(c content) (n int) {
	for _, p := range c.Parts {
		if p.FunctionResponse != nil {
			n++
		}
	}
	return n
}
