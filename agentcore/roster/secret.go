package roster

import "log/slog"

// Secret is a secret that is sealed wherever it is kept: what a [Store] holds,
// and JSON shows, is the sealed form. Only a [Sealer] makes one or opens it.
type Secret string

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue("[sealed]") }

// Sealer seals secrets, with a key that lives outside the database.
type Sealer interface {
	// Seal returns the sealed form of plain, which names the key that sealed it.
	// The empty secret stays empty.
	Seal(plain string) (Secret, error)
	// Open returns what was sealed. A key that is gone is an error that names
	// its id.
	Open(s Secret) (string, error)
}
