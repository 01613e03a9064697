package tools

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// MaxResult bounds a result's text, in bytes: a model that is told a book
// answers late and forgets the caller.
const MaxResult = 8 << 10

// MaxArguments bounds what a model may write as arguments, in bytes.
const MaxArguments = 64 << 10

// nameRule is what OpenAI-compatible models accept as a function's name.
var nameRule = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// Do is a tool's work. The arguments are a JSON object that fits the tool's
// schema.
type Do func(ctx context.Context, in Invocation) (Result, error)

type function struct {
	spec   llm.Tool
	schema *schema
	traits Traits
	do     Do
}

// Func makes a tool of a function. The arguments are checked against
// spec.Parameters before do sees them; what does not fit is an error whose text
// tells the model what to mend. A result's text is cut at [MaxResult].
//
// Func fails if the name is one that models refuse, or if the schema is not
// JSON or uses a word that this package does not check.
func Func(spec llm.Tool, traits Traits, do Do) (Tool, error) {
	if !nameRule.MatchString(spec.Name) {
		return nil, fmt.Errorf("tools: name %.70q: want 1 to 64 letters, digits, _ or -", spec.Name)
	}
	if do == nil {
		return nil, fmt.Errorf("tools: %s: no function", spec.Name)
	}
	s, err := parseSchema(spec.Parameters)
	if err != nil {
		return nil, fmt.Errorf("tools: %s: parameters: %w", spec.Name, err)
	}
	return &function{spec, s, traits, do}, nil
}

func (f *function) Spec() llm.Tool { return f.spec }
func (f *function) Traits() Traits { return f.traits }

func (f *function) Call(ctx context.Context, in Invocation) (Result, error) {
	args, err := f.schema.arguments(in.Arguments)
	if err != nil {
		return Result{}, &ArgumentsError{Tool: f.spec.Name, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return Result{}, fmt.Errorf("tools: %s: %w", f.spec.Name, err)
	}
	in.Arguments = args
	r, err := f.do(ctx, in)
	if err != nil {
		return Result{}, fmt.Errorf("tools: %s: %w", f.spec.Name, err)
	}
	r.Text = Cut(r.Text, MaxResult)
	return r, nil
}

// ArgumentsError says what is wrong with the arguments that a model wrote. It
// names arguments and never repeats their values: those may be a caller's words.
type ArgumentsError struct {
	Tool string
	Err  error // one or more, joined
}

func (e *ArgumentsError) Error() string {
	return fmt.Sprintf("tools: %s: bad arguments: %s", e.Tool, strings.ReplaceAll(e.Err.Error(), "\n", "; "))
}
func (e *ArgumentsError) Unwrap() error { return e.Err }

var errTooLong = errors.New("too long")

const cutMark = " [cut]"

// Cut shortens s to at most n bytes, whole characters only, and says so.
func Cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	end := n - len(cutMark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + cutMark
}
