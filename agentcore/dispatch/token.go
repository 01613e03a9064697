package dispatch

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/hookswitch/hookswitch/telephony"
)

// maxToken bounds what is looked at: a call id, an epoch and 43 characters.
const maxToken = 256

// signer makes the tokens that let a stream in: CALL.EPOCH.MAC. The same call
// and epoch always give the same token; that it is spent is kept in the row, and
// how old it is in [told]. No token is kept anywhere, not even its hash: it is
// made anew from the secret whenever it is told or checked.
type signer struct{ secret []byte }

func (s signer) token(id telephony.CallID, epoch int) string {
	head := string(id) + "." + strconv.Itoa(epoch)
	return head + "." + base64.RawURLEncoding.EncodeToString(s.mac(head))
}

// open returns what a genuine token is for.
func (s signer) open(token string) (id telephony.CallID, epoch int, ok bool) {
	if len(token) > maxToken {
		return "", 0, false
	}
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 {
		return "", 0, false
	}
	head := token[:dot]
	mac, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil || !hmac.Equal(mac, s.mac(head)) {
		return "", 0, false
	}
	name, number, found := strings.Cut(head, ".")
	epoch, err = strconv.Atoi(number)
	return telephony.CallID(name), epoch, found && err == nil && name != "" && epoch > 0
}

// mac authenticates CALL.EPOCH. Neither part holds a dot, so no two pairs read
// alike.
func (s signer) mac(head string) []byte { return s.macOf("hookswitch stream token 1", head) }

// macOf authenticates head as a thing of one kind, which none of another passes
// for.
func (s signer) macOf(kind, head string) []byte {
	h := hmac.New(sha256.New, s.secret)
	h.Write([]byte(kind + "\x00"))
	h.Write([]byte(head))
	return h.Sum(nil)
}

// roomName is the name of the room of a transfer: nobody guesses it, every node
// knows it, and it is kept nowhere.
func (s signer) roomName(id telephony.CallID) string {
	h := hmac.New(sha256.New, s.secret)
	h.Write([]byte("hookswitch room 1\x00"))
	h.Write([]byte(id))
	return "room_" + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}
