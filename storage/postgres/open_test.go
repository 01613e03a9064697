package postgres_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/storage/postgres"
)

func BenchmarkOpen(b *testing.B) {
	b.Run("existing", func(b *testing.B) {
		address := migrated.URL(b)
		for b.Loop() {
			db, err := postgres.Open(b.Context(), address)
			if err != nil {
				b.Fatal(err)
			}
			db.Close()
		}
	})
}
