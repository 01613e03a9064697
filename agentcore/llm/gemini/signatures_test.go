package gemini

import (
	"fmt"
	"sync"
	"testing"
)

func TestTheOldestSignaturesAreForgotten(t *testing.T) {
	var s signatures
	for i := range mostSignatures + 10 {
		s.remember(fmt.Sprint(i), []byte{1})
	}
	if s.find("9") != nil || s.find("10") == nil || len(s.of) != mostSignatures {
		t.Errorf("%d kept, the tenth %v", len(s.of), s.find("9"))
	}
	for i := range 2 * mostSignatureBytes / mostOneSignature {
		s.remember(fmt.Sprint("large", i), make([]byte, mostOneSignature))
	}
	if s.bytes > mostSignatureBytes || len(s.of) != len(s.order) || len(s.of) != mostSignatureBytes/mostOneSignature {
		t.Errorf("%d bytes of %d signatures are kept, want %d at most", s.bytes, len(s.of), mostSignatureBytes)
	}
}

func TestASignatureThatComesAgainIsKeptOnce(t *testing.T) {
	var s signatures
	s.remember("a", []byte("one"))
	s.remember("a", []byte("two, longer"))
	s.remember("b", nil)
	s.remember("c", make([]byte, mostOneSignature+1))
	if string(s.find("a")) != "two, longer" || s.bytes != len("two, longer") || len(s.order) != 1 {
		t.Errorf("%q, %d bytes, order %v", s.find("a"), s.bytes, s.order)
	}
}

func TestSignaturesAreOfManyCallsAtOnce(t *testing.T) {
	var s signatures
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 1000 {
				id := fmt.Sprint(i, " ", j)
				s.remember(id, []byte(id))
				if got := s.find(id); got != nil && string(got) != id {
					t.Errorf("signature of %s is %s", id, got)
				}
			}
		})
	}
	wg.Wait()
}
