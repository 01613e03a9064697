package provider_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestAllThatIsWrongWithAnAccountIsSaid(t *testing.T) {
	for _, tt := range []struct {
		base, key string
		required  bool
		want      []string
	}{
		{"", "", false, nil},
		{"https://example.com/v1", "k", true, nil},
		{"", "", true, []string{"Key is required"}},
		{"ftp://x", "a secret", true, []string{"BaseURL must be", "Key has characters"}},
		{"ftp://x", "", true, []string{"BaseURL must be", "Key is required"}},
	} {
		err := provider.CheckAccount(tt.base, tt.key, tt.required)
		if (err != nil) != (len(tt.want) > 0) {
			t.Errorf("CheckAccount(%q, %q, %v) = %v", tt.base, tt.key, tt.required, err)
			continue
		}
		for _, part := range tt.want {
			if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "secret") {
				t.Errorf("CheckAccount(%q, %q, %v) = %v, want %s", tt.base, tt.key, tt.required, err, part)
			}
		}
	}
}

func TestEveryMistakeIsNamed(t *testing.T) {
	known := errors.New("Seeds are required")
	err := provider.Named("parrot", errors.Join(provider.CheckAccount("ftp://x", "", true), nil, known))
	want := "parrot: BaseURL must be http:// or https:// with a host and a path, and nothing else\nparrot: Key is required\nparrot: Seeds are required"
	if err == nil || err.Error() != want || !errors.Is(err, known) {
		t.Errorf("Named() = %v, want %s", err, want)
	}
	if err := provider.Named("parrot", errors.Join()); err != nil {
		t.Errorf("Named() = %v without a mistake", err)
	}
}
