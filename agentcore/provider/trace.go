package provider

import "context"

// Replacement is a provider that failed and was replaced by the next in the list.
type Replacement struct {
	Stage Stage
	From  string // what failed, as its String says: "deepgram nova-2"
	To    string // what went on; empty when nothing was left to do, or no other
	Err   error  // why
}

// Trace is told what is done behind a call's back. It travels with the context,
// as net/http/httptrace does, so that no port has to pass it on. Its functions
// may be called from any goroutine, must not block, and may be nil.
type Trace struct {
	Replaced func(Replacement)
}

type traceKey struct{}

// WithTrace is ctx with t in it. A trace that was there is hidden.
func WithTrace(ctx context.Context, t Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// Replaced tells the trace of ctx, if there is one.
func Replaced(ctx context.Context, r Replacement) {
	if t, ok := ctx.Value(traceKey{}).(Trace); ok && t.Replaced != nil {
		t.Replaced(r)
	}
}
