package ws

import (
	"encoding/binary"
	"math/bits"
)

const highBits = 0x8080808080808080

// unmask takes the mask off b (RFC 6455, 5.3), whose first byte is the payload's
// byte number at. It reports whether all of it is ASCII: then nobody need look
// at text a second time.
func unmask(b []byte, key uint32, at int) (ascii bool) {
	k := uint64(bits.RotateLeft32(key, -8*(at&3)))
	k |= k << 32
	var seen uint64
	for len(b) >= 32 {
		v0 := binary.LittleEndian.Uint64(b) ^ k
		v1 := binary.LittleEndian.Uint64(b[8:]) ^ k
		v2 := binary.LittleEndian.Uint64(b[16:]) ^ k
		v3 := binary.LittleEndian.Uint64(b[24:]) ^ k
		binary.LittleEndian.PutUint64(b, v0)
		binary.LittleEndian.PutUint64(b[8:], v1)
		binary.LittleEndian.PutUint64(b[16:], v2)
		binary.LittleEndian.PutUint64(b[24:], v3)
		seen |= v0 | v1 | v2 | v3
		b = b[32:]
	}
	for len(b) >= 8 {
		v := binary.LittleEndian.Uint64(b) ^ k
		binary.LittleEndian.PutUint64(b, v)
		seen |= v
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(k >> (8 * (i & 7)))
		seen |= uint64(b[i])
	}
	return seen&highBits == 0
}
