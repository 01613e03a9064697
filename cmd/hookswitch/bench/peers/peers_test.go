package peers

import (
	"strings"
	"testing"
)

func TestAPeerThatIsNotThereIsNamed(t *testing.T) {
	if _, err := Prepare(t.Context(), "deno", t.TempDir()); err == nil || !strings.Contains(err.Error(), `"deno": only node, node+bufferutil`) {
		t.Errorf("Prepare() = %v", err)
	}
}

// Unpacked twice, the sources are in one folder, so that what was fetched stays.
func TestSourcesAreUnpackedIntoOneFolder(t *testing.T) {
	dir := t.TempDir()
	first, err := unpack(dir)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := unpack(dir); err != nil || second != first {
		t.Errorf("unpacked into %s, then into %s: %v", first, second, err)
	}
}
