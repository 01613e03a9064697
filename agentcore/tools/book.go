package tools

import (
	"context"
	"encoding/json"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// BookName is the name under which a model finds [Book].
const BookName = "book"

// Book is the demo agent's tool: it agrees to every appointment and keeps none.
// The same call may be repeated.
func Book() Tool {
	return must(Func(llm.Tool{
		Name:        BookName,
		Description: "Book an appointment on a day and at a time that the caller has confirmed.",
		Parameters: json.RawMessage(`{
			"type": "object",
			"properties": {
				"day":  {"type": "string", "minLength": 1, "maxLength": 40, "description": "a weekday, or tomorrow"},
				"time": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "description": "24 hour clock, for example 15:30"}
			},
			"required": ["day", "time"],
			"additionalProperties": false
		}`),
	}, Traits{Safe: true}, func(context.Context, Invocation) (Result, error) {
		return Result{Text: `{"ok":true}`}, nil
	}))
}
