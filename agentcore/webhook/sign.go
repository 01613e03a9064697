package webhook

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Lengths of a signing key in bytes.
const (
	minKey = 16
	maxKey = 512
)

// SigningKey is the key that a secret stands for, by Standard Webhooks: after
// whsec_, base64 of the key; anything else is the key itself, byte by byte. It
// has 16 to 512 bytes. What is wrong otherwise is said in words for the
// webhook's owner.
func SigningKey(secret string) ([]byte, error) {
	key := []byte(secret)
	if coded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return nil, refuse(BadRequest, "the secret after whsec_ must be base64")
		}
	}
	if len(key) < minKey || len(key) > maxKey {
		return nil, refuse(BadRequest, "the secret must stand for 16 to 512 bytes")
	}
	return key, nil
}

// Sign adds the headers of Standard Webhooks to o. message is the same in every
// attempt to deliver the same message; now is the attempt's own. What the
// webhook's owner set in request_headers is theirs: with one of these names
// among it nothing is added.
func Sign(o *Outgoing, secret, message string, now time.Time) error {
	key, err := SigningKey(secret)
	if err != nil {
		return err
	}
	w, err := standard.NewWebhookRaw(key)
	if err != nil {
		return refuse(BadRequest, "the secret can't be used")
	}
	signature, err := w.Sign(message, now, o.Body)
	if err != nil {
		return refuse(BadRequest, "the message can't be signed")
	}
	if o.Header == nil {
		o.Header = http.Header{}
	}
	names := []string{standard.HeaderWebhookID, standard.HeaderWebhookTimestamp, standard.HeaderWebhookSignature}
	for _, name := range names {
		if o.Header.Get(name) != "" {
			return nil
		}
	}
	for i, value := range []string{message, strconv.FormatInt(now.Unix(), 10), signature} {
		o.Header.Set(names[i], value)
	}
	return nil
}
