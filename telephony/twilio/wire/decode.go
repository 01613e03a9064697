package wire

import (
	"errors"

	"github.com/emmansun/base64"
)

// ErrPayload means that a payload is not standard, padded base64.
var ErrPayload = errors.New("wire: payload is not base64")

// Decode appends the audio of payload to dst, all of it or, with [ErrPayload],
// nothing. It allocates only when dst lacks the room.
func Decode(dst, payload []byte) ([]byte, error) {
	out, err := base64.StdEncoding.AppendDecode(dst, payload)
	if err != nil {
		return dst, ErrPayload
	}
	return out, nil
}
