package roster

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestMay(t *testing.T) {
	for _, tt := range []struct {
		claim string
		has   []Scope
		asks  Scope
		want  bool
	}{
		{"what it has", []Scope{AgentsRead}, AgentsRead, true},
		{"another thing", []Scope{AgentsRead}, NumbersRead, false},
		{"who writes reads", []Scope{AgentsWrite}, AgentsRead, true},
		{"who writes calls reads calls", []Scope{CallsWrite}, CallsRead, true},
		{"who reads doesn't write", []Scope{AgentsRead}, AgentsWrite, false},
		{"who writes one thing reads no other", []Scope{AgentsWrite}, CallsRead, false},
		{"one of several", []Scope{NumbersRead, CallsRead}, CallsRead, true},
		{"an administrator all", []Scope{Admin}, KeysWrite, true},
		{"an administrator what is yet to come", []Scope{Admin}, "moons:read", true},
		{"who writes keys is no administrator", []Scope{KeysWrite}, Admin, false},
		{"who has all scopes but admin is none", Scopes[1:], Admin, false},
		{"no scopes, nothing", nil, AgentsRead, false},
		{"nothing is asked for", []Scope{AgentsRead}, "", false},
		{"a bare suffix", []Scope{AgentsWrite}, ":read", false},
	} {
		if got := (Key{Scopes: tt.has}).May(tt.asks); got != tt.want {
			t.Errorf("%s: May(%s) with %v = %v, want %v", tt.claim, tt.asks, tt.has, got, tt.want)
		}
	}
	for _, s := range Scopes {
		if (Key{Scopes: []Scope{Admin}, Revoked: time.Unix(1, 0)}).May(s) {
			t.Errorf("a revoked administrator may %s", s)
		}
	}
}

func TestSecretsAreRandomAndRecognised(t *testing.T) {
	form := regexp.MustCompile(`^hsk_[a-z2-7]{40}$`)
	seen := map[string]bool{}
	counts := map[rune]int{}
	const n = 2000
	for range n {
		s := NewSecret()
		if !form.MatchString(s) {
			t.Fatalf("a secret looks like %s", form)
		}
		seen[s] = true
		for _, r := range s[len(KeyPrefix):] {
			counts[r]++
		}
	}
	if len(seen) != n {
		t.Errorf("%d different secrets of %d", len(seen), n)
	}
	// 32 characters, each as often as the others: 5 bits in each of 40.
	for r, count := range counts {
		if mean := n * 40 / 32; count < mean*8/10 || count > mean*12/10 {
			t.Errorf("%q appears %d times, want about %d", r, count, mean)
		}
	}
	if len(counts) != 32 {
		t.Errorf("%d different characters, want 32", len(counts))
	}
}

func TestHashIsStable(t *testing.T) {
	// SHA-256 of "abc", from FIPS 180-2: what is kept must be found for ever.
	if got := HashKey("abc"); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("HashKey() = %s", got)
	}
	if HashKey("abc") == HashKey("abd") {
		t.Error("two secrets have one hash")
	}
}

func TestPrefixShowsLittle(t *testing.T) {
	for secret, want := range map[string]string{
		"":                        "",
		"abc":                     "",
		"0123456789abcdef":        "0123",
		"ääääääää":                "ää",
		"aääääääää":               "aä", // no half of a letter
		"hsk_" + alphabet:         "hsk_abcdef",
		strings.Repeat("x", 1000): "xxxxxxxxxx",
	} {
		got := PrefixOf(secret)
		if got != want || !utf8.ValidString(got) {
			t.Errorf("PrefixOf(%q) = %q, want %q", secret, got, want)
		}
	}
}

const alphabet = "abcdefghijklmnopqrstuvwxyz234567abcdefgh"
