package gemini

import "sync"

// Bounds of what is remembered for all the calls that a Model serves.
const (
	mostSignatures     = 4096
	mostSignatureBytes = 8 << 20
	mostOneSignature   = 64 << 10
)

// unsigned stands for a signature that nobody has, as when another provider made
// the tool call, or another process. The documentation offers it for that:
// ai.google.dev/gemini-api/docs/thought-signatures, questions and answers.
var unsigned = []byte("skip_thought_signature_validator")

// signatures remembers, by the ids of tool calls, the signatures of the thoughts
// that led to them. A model since Gemini 3 refuses, with status 400, the first
// call of a step if it comes back without (the same page); a conversation has no
// place for them. The zero value works. It is used by many calls at once.
type signatures struct {
	mu    sync.Mutex
	of    map[string][]byte
	order []string // oldest first
	bytes int
}

// remember keeps the signature of a tool call, and forgets the oldest if there
// are too many.
func (s *signatures) remember(id string, signature []byte) {
	if len(signature) == 0 || len(signature) > mostOneSignature {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[string][]byte{}
	}
	if old, ok := s.of[id]; ok {
		s.bytes -= len(old)
	} else {
		s.order = append(s.order, id)
	}
	s.of[id] = signature
	s.bytes += len(signature)
	for len(s.order) > mostSignatures || s.bytes > mostSignatureBytes {
		oldest := s.order[0]
		s.order = s.order[1:]
		s.bytes -= len(s.of[oldest])
		delete(s.of, oldest)
	}
}

// find returns the signature of a tool call, nil if it is not known.
func (s *signatures) find(id string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[id]
}
