package storage

import (
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func definitionText(t testing.TB, prompt string) string {
	t.Helper()
	text, err := encodeDefinition(roster.Definition{Name: "Ann", Languages: []string{"en-US"}, LLM: &roster.LLM{Prompt: &prompt}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatIsRememberedIsWhatWasDecoded(t *testing.T) {
	var m definitions
	text := definitionText(t, "Be short.")
	want, err := decodeDefinition(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if d, err := m.decode(1, text); err != nil || !reflect.DeepEqual(d, want) {
			t.Fatalf("decode() for the %d. time = %+v, %v, want %+v", i+1, d, err, want)
		}
	}
}

func TestAnotherTextIsDecodedAnew(t *testing.T) {
	var m definitions
	for _, prompt := range []string{"one", "two", "one"} {
		if d, err := m.decode(1, definitionText(t, prompt)); err != nil || *d.LLM.Prompt != prompt {
			t.Errorf("decode() = %q, %v, want %q", *d.LLM.Prompt, err, prompt)
		}
	}
	if _, err := m.decode(1, "{"); err == nil {
		t.Error("decode(no JSON) succeeded")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var m definitions
	text := definitionText(t, strings.Repeat("x", 100_000))
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := range 300 {
				if _, err := m.decode(int64(part*100+i), text); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, k := range m.known {
		sum += len(k.text)
	}
	if sum != m.bytes || sum > memoryBytes || sum == 0 {
		t.Errorf("%d bytes are remembered, %d reckoned with, want the same and at most %d", sum, m.bytes, memoryBytes)
	}
	if _, err := m.decode(9999, definitionText(t, strings.Repeat("x", memoryBytes))); err != nil || len(m.known[9999].text) != 0 {
		t.Errorf("a text larger than the memory is remembered, %v", err)
	}
}
