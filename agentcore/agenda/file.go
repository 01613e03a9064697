package agenda

import (
	"crypto/sha256"
	"encoding/hex"
)

// BatchID is the id of the batch that a workspace uploads under a key of its own,
// such as an Idempotency-Key: the same upload sent again has the same.
func BatchID(workspace, key string) string {
	sum := sha256.Sum256([]byte(workspace + "\x00" + key))
	return "batch_" + hex.EncodeToString(sum[:16])
}

// FileError is what is wrong with a batch's file as a whole, for the client: it
// repeats nothing of what stands in it but names of columns.
type FileError struct{ Why string }

// Error implements error.
func (e *FileError) Error() string { return "agenda: the file: " + e.Why }
