package seal_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hookswitch/hookswitch/storage/seal"
)

func TestKeysAreReadInEveryForm(t *testing.T) {
	raw := []byte(strings.Repeat("\xfb\xff\x01\x02", 8)) // base64 of both alphabets differs
	want := load(t, hex.EncodeToString(raw)).ID()
	for form, text := range map[string]string{
		"upper hexadecimal": strings.ToUpper(hex.EncodeToString(raw)),
		"base64":            base64.StdEncoding.EncodeToString(raw),
		"without padding":   base64.RawStdEncoding.EncodeToString(raw),
		"URL base64":        base64.URLEncoding.EncodeToString(raw),
		"URL, no padding":   base64.RawURLEncoding.EncodeToString(raw),
		"white space":       "\t" + hex.EncodeToString(raw) + " \n",
	} {
		if got := load(t, text).ID(); got != want {
			t.Errorf("%s: key %s, want %s", form, got, want)
		}
		if got := load(t, text+" , "+one).ID(); got != want {
			t.Errorf("%s first of two: key %s seals, want %s", form, got, want)
		}
	}
}

func TestAKeyThatCannotBeUsedIsNotRepeated(t *testing.T) {
	short := "c2hvcnQga2V5IG9mIDE2IQ=="
	for setting, n := range map[string]int{
		short: 1, one + "," + short: 2, one + ",": 2, ",": 1, one + one: 1, one[:62] + "zz": 1, one + ";" + two: 1,
	} {
		_, _, err := seal.Load(seal.Options{Env: setting})
		var bad seal.KeyError
		if !errors.As(err, &bad) || bad.N != n || !strings.Contains(err.Error(), "HOOKSWITCH_SECRET_KEY") || !strings.Contains(err.Error(), "32 random bytes") {
			t.Errorf("Load(%q) = %v, want what was expected of key %d", setting, err, n)
		}
		if strings.Contains(err.Error(), short) || strings.Contains(err.Error(), one[:16]) {
			t.Errorf("%q repeats the key", err)
		}
	}
}

func TestFirstStartMakesTheKeyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data of mine", "secret.key")
	first, made, err := seal.Load(seal.Options{File: file})
	if err != nil || !made {
		t.Fatalf("Load() = %v, %v, want a new file", made, err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v, want it for its owner only", info.Mode(), err)
	}
	again, made, err := seal.Load(seal.Options{File: file})
	if err != nil || made || again.ID() != first.ID() {
		t.Errorf("Load(again) = %v, %v, want the same key", made, err)
	}
	if plain, err := again.Open(sealed(t, first, "secret")); err != nil || plain != "secret" {
		t.Errorf("Open(after a restart) = %q, %v", plain, err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v, want the key file only", left, err)
	}
	other, _, err := seal.Load(seal.Options{File: filepath.Join(t.TempDir(), "secret.key")})
	if err != nil || other.ID() == first.ID() {
		t.Errorf("two installations have one key, %v", err)
	}
}

func TestTheDefaultFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, made, err := seal.Load(seal.Options{}); err != nil || !made {
		t.Fatalf("Load() = %v, %v", made, err)
	}
	if _, err := os.Stat("data/secret.key"); err != nil {
		t.Error(err)
	}
}

func TestTwoProcessesAgreeOnTheFirstKey(t *testing.T) {
	for range 20 {
		file := filepath.Join(t.TempDir(), "secret.key")
		var ids [16]string
		var makers [16]bool
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				k, made, err := seal.Load(seal.Options{File: file})
				if err != nil {
					t.Errorf("Load() = %v", err)
					return
				}
				ids[i], makers[i] = k.ID(), made
			})
		}
		wg.Wait()
		n := 0
		for i, id := range ids {
			if id != ids[0] {
				t.Errorf("process %d has key %q, another one %q", i, id, ids[0])
			}
			if makers[i] {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d processes say that they made the file, want 1", n)
		}
	}
}

func TestTheKeyFileHoldsKeysOneALine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret.key")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("\uFEFF# the new one\r\n" + two + "\r\n\n  # the old one\n\t" + one + "\n")
	k, made, err := seal.Load(seal.Options{File: file})
	if err != nil || made || k.ID() != load(t, two).ID() {
		t.Fatalf("Load() = %v, %v, want the first line's key to seal", made, err)
	}
	if plain, err := k.Open(sealed(t, load(t, one), "secret")); err != nil || plain != "secret" {
		t.Errorf("Open(sealed by the old one) = %q, %v", plain, err)
	}
	// The environment goes before the file.
	if k, _, err := seal.Load(seal.Options{Env: one, File: file}); err != nil || k.ID() != load(t, one).ID() {
		t.Errorf("Load(both) = %v, want the environment's key", err)
	}
	for text, want := range map[string]string{
		"":                            "holds no key",
		"# nothing\n":                 "holds no key",
		two + "\nhunter2\n":           "key 2 has 7 characters",
		strings.Repeat("#\n", 40_000): "larger than",
		strings.Repeat(one+"\n", 101): "at most 100",
	} {
		write(text)
		_, _, err := seal.Load(seal.Options{File: file})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), file) {
			t.Errorf("Load(%.20q) = %v, want %q", text, err, want)
		}
	}
	if _, _, err := seal.Load(seal.Options{File: t.TempDir()}); err == nil {
		t.Error("Load(a folder) succeeded")
	}
	if _, _, err := seal.Load(seal.Options{File: filepath.Join(file, "x.key")}); err == nil {
		t.Error("Load(below a file) succeeded")
	}
}
