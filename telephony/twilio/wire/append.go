package wire

import (
	"strconv"

	"github.com/emmansun/base64"
)

// AppendMedia appends the message that plays ulaw, raw µ-law at 8 kHz of any
// length, behind what the caller is hearing. streamSID must be plain: letters
// and digits, as Twilio makes them.
func AppendMedia(dst []byte, streamSID string, ulaw []byte) []byte {
	dst = append(dst, `{"event":"media","streamSid":"`...)
	dst = append(dst, streamSID...)
	dst = append(dst, `","media":{"payload":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, ulaw)
	return append(dst, `"}}`...)
}

// AppendMark appends the message that asks for an echo of mark id, which
// travels as a decimal name, once all audio before it was played or cleared.
func AppendMark(dst []byte, streamSID string, id uint32) []byte {
	dst = append(dst, `{"event":"mark","streamSid":"`...)
	dst = append(dst, streamSID...)
	dst = append(dst, `","mark":{"name":"`...)
	dst = strconv.AppendUint(dst, uint64(id), 10)
	return append(dst, `"}}`...)
}

// AppendClear appends the message that drops all audio not yet played.
func AppendClear(dst []byte, streamSID string) []byte {
	dst = append(dst, `{"event":"clear","streamSid":"`...)
	dst = append(dst, streamSID...)
	return append(dst, `"}`...)
}

// MarkID returns the number that [AppendMark] wrote as name; ok is false for
// any other name.
func MarkID(name []byte) (id uint32, ok bool) {
	if len(name) == 0 || len(name) > 10 || name[0] == '0' && len(name) > 1 {
		return 0, false
	}
	var n uint64
	for _, c := range name {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return uint32(n), n <= 1<<32-1
}
