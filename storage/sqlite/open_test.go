package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/hookswitch/hookswitch/storage/sqlite"
)

func BenchmarkOpen(b *testing.B) {
	for name, address := range map[string]string{
		"memory":   sqlite.Memory,
		"existing": "sqlite://" + filepath.Join(b.TempDir(), "x.db"),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				db, err := sqlite.Open(b.Context(), address)
				if err != nil {
					b.Fatal(err)
				}
				db.Close()
			}
		})
	}
}
