package seal_test

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage/seal"
)

var (
	one = strings.Repeat("01", 32)
	two = strings.Repeat("02", 32)
)

func load(t testing.TB, env string) *seal.Keyring {
	t.Helper()
	k, made, err := seal.Load(seal.Options{Env: env})
	if err != nil || made {
		t.Fatalf("Load() = %v, %v, want keys and no file made", made, err)
	}
	return k
}

func sealed(t testing.TB, k *seal.Keyring, plain string) roster.Secret {
	t.Helper()
	s, err := k.Seal(plain)
	if err != nil {
		t.Fatalf("Seal() = %v", err)
	}
	return s
}

func TestWhatIsSealedOpens(t *testing.T) {
	k := load(t, one)
	for _, plain := range []string{"x", "whsec_abc", "\x00\xff", strings.Repeat("long", 10_000)} {
		s := sealed(t, k, plain)
		if got, err := k.Open(s); err != nil || got != plain {
			t.Errorf("Open(Seal(%.10q)) = %.10q, %v", plain, got, err)
		}
		if !regexp.MustCompile(`^hsx1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+$`).MatchString(string(s)) {
			t.Errorf("sealed as %.80q", s)
		}
		if strings.Contains(string(s), plain) && len(plain) > 1 {
			t.Errorf("the sealed text holds the plain one")
		}
	}
}

func TestTheEmptySecretStaysEmpty(t *testing.T) {
	k := load(t, one)
	if s := sealed(t, k, ""); s != "" {
		t.Errorf("Seal(empty) = %q", s)
	}
	if plain, err := k.Open(""); err != nil || plain != "" {
		t.Errorf("Open(empty) = %q, %v", plain, err)
	}
	if s, changed, err := k.Resealed(""); s != "" || changed || err != nil {
		t.Errorf("Resealed(empty) = %q, %v, %v", s, changed, err)
	}
}

func TestSealingTwiceGivesTwoTexts(t *testing.T) {
	k := load(t, one)
	seen := map[roster.Secret]bool{}
	for range 1000 {
		seen[sealed(t, k, "the same")] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d texts of 1000 seals", len(seen))
	}
}

func TestEveryChangeOfASealedTextIsNoticed(t *testing.T) {
	k := load(t, one)
	s := string(sealed(t, k, "secret"))
	for i := range len(s) {
		for _, to := range []byte{'A', '0', '.', '\n', 0xff, s[i] ^ 1} {
			if to == s[i] {
				continue
			}
			changed := s[:i] + string(to) + s[i+1:]
			if to == 0xff {
				changed = s[:i] + "\xff" + s[i+1:]
			}
			if plain, err := k.Open(roster.Secret(changed)); err == nil {
				t.Errorf("Open(byte %d changed to %q) = %q", i, to, plain)
			}
		}
		if plain, err := k.Open(roster.Secret(s[:i])); err == nil && i > 0 {
			t.Errorf("Open(cut at %d) = %q", i, plain)
		}
	}
}

func TestMalformedTextIsRefused(t *testing.T) {
	k := load(t, one)
	good := sealed(t, k, "secret")
	for _, bad := range []roster.Secret{
		"secret", "hsx1", "hsx1..", "hsx1." + roster.Secret(k.ID()), "hsx1." + roster.Secret(k.ID()) + ".", "hsx1." + roster.Secret(k.ID()) + ".AAAA",
		"hsx2" + good[4:], good + ".", good + "=", good + "\n", " " + good, "HSX1" + good[4:],
		"hsx1.0123456.AAAA", "hsx1.0123456G.AAAA", "hsx1.0123456A.AAAA",
	} {
		if plain, err := k.Open(bad); !errors.Is(err, seal.ErrMalformed) {
			t.Errorf("Open(%q) = %q, %v, want ErrMalformed", bad, plain, err)
		}
		if s, changed, err := k.Resealed(bad); s != bad || changed || err == nil {
			t.Errorf("Resealed(%q) = %q, %v, %v, want an error and the text as it was", bad, s, changed, err)
		}
	}
}

func TestAMissingKeyIsNamed(t *testing.T) {
	first, second := load(t, one), load(t, two)
	s := sealed(t, first, "secret")
	_, err := second.Open(s)
	var unknown seal.UnknownKeyError
	if !errors.As(err, &unknown) || unknown.ID != first.ID() {
		t.Fatalf("Open(by another key) = %v, want an UnknownKeyError of %s", err, first.ID())
	}
	for _, part := range []string{first.ID(), "HOOKSWITCH_SECRET_KEY", "key file"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if strings.Contains(err.Error(), string(s)) {
		t.Errorf("%q repeats the sealed text", err)
	}
}

func TestKeysAreRotatedByID(t *testing.T) {
	old, both, after := load(t, one), load(t, two+","+one), load(t, two)
	s := sealed(t, old, "secret")
	if plain, err := both.Open(s); err != nil || plain != "secret" {
		t.Errorf("Open(sealed by the second key) = %q, %v", plain, err)
	}
	anew, changed, err := both.Resealed(s)
	if err != nil || !changed || anew == s {
		t.Fatalf("Resealed() = %q, %v, %v, want another text", anew, changed, err)
	}
	if plain, err := after.Open(anew); err != nil || plain != "secret" {
		t.Errorf("Open(resealed, by the new key alone) = %q, %v", plain, err)
	}
	if again, changed, err := both.Resealed(anew); err != nil || changed || again != anew {
		t.Errorf("Resealed(again) = %q, %v, %v, want it as it was", again, changed, err)
	}
	if s, changed, err := after.Resealed(s); err == nil || changed || s == anew {
		t.Errorf("Resealed(without the old key) = %q, %v, %v, want an error", s, changed, err)
	}
}

// Node's crypto module sealed this by the same rules: the form is fixed.
func TestWhatAnotherProgramSealedOpens(t *testing.T) {
	const kept = "hsx1.72cd6e84.AAECAwQFBgcICQoL0MPlUgCYaQveE4KlUhqDd9tBSzwILdZ7lefg1lMy"
	if plain, err := load(t, one).Open(kept); err != nil || plain != "kept for years" {
		t.Errorf("Open() = %q, %v", plain, err)
	}
}

func FuzzOpen(f *testing.F) {
	k := load(f, one+","+two)
	f.Add(string(sealed(f, k, "secret")))
	f.Add("hsx1." + k.ID() + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 28)))
	f.Add("hsx1.00000000.")
	f.Add("..")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		plain, err := k.Open(roster.Secret(text))
		if (err != nil || text == "") && plain != "" {
			t.Errorf("Open(%q) = %q, %v", text, plain, err)
		}
		if err == nil && text != "" && plain == "" {
			t.Errorf("Open(%q) is empty", text)
		}
		s, changed, again := k.Resealed(roster.Secret(text))
		if (again == nil) != (err == nil) || !changed && string(s) != text {
			t.Errorf("Resealed(%q) = %q, %v, %v; Open said %v", text, s, changed, again, err)
		}
	})
}
