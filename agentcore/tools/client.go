package tools

import (
	"context"
	"errors"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// errNoClient is for a model to speak about.
var errNoClient = errors.New("this works only with an app that is connected to the call, and none is: it can't be done on the phone")

// Client makes a tool that runs in an app on the caller's side. No app can be
// connected to a phone call, so that using it is an error that says so.
func Client(spec llm.Tool) (Tool, error) {
	return Func(spec, Traits{Safe: true}, func(context.Context, Invocation) (Result, error) {
		return Result{}, errNoClient
	})
}
