package catalogue_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts/catalogue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPagesAreReadUntilTheyAreTooMuchTogether(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") != "k" || r.Header.Get("Accept") != "application/json" {
			t.Errorf("headers %v", r.Header)
		}
		fmt.Fprintf(w, `{"page":%q}`, strings.Repeat("x", 1<<20))
	}))
	defer s.Close()
	r := catalogue.Open(t.Context(), "test", provider.Patience{})
	defer r.Close()
	var page struct{ Page string }
	for i := range 3 {
		if err := r.Get(s.URL, http.Header{"X-Key": {"k"}}, &page); err != nil || len(page.Page) != 1<<20 {
			t.Fatalf("page %d: %v", i, err)
		}
	}
	if err := r.Get(s.URL, http.Header{"X-Key": {"k"}}, &page); provider.ClassOf(err) != provider.Garbage {
		t.Errorf("more than 4 MB: %v, want garbage", err)
	}
}

func TestRedirectsAreNotFollowedWithTheKey(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Error("the redirect was followed")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer s.Close()
	r := catalogue.Open(t.Context(), "test", provider.Patience{})
	defer r.Close()
	if err := r.Get(s.URL, http.Header{"X-Key": {"k"}}, new(any)); provider.ClassOf(err) != provider.Refused {
		t.Errorf("err = %v, want refused", err)
	}
}
