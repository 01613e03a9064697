package bench

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// number is what our callers call.
const number = "+15550100002"

// carrier is the far end: whose account it is and where the gateway listens.
type carrier struct {
	account, token string
	address        string // of the gateway, host and port
	client         *http.Client
	named          atomic.Int64 // calls
}

func newCarrier(account, token, address string) *carrier {
	return &carrier{account: account, token: token, address: address, client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: dialers}}}
}

// name makes ids for the next call.
func (c *carrier) name() ids { return idsOf(c.account, int(c.named.Add(1))) }

func (c *carrier) close() { c.client.CloseIdleConnections() }

// sign makes X-Twilio-Signature as Twilio documents it.
func (c *carrier) sign(address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(c.token))
	io.WriteString(mac, address)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		io.WriteString(mac, name+form.Get(name))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// post sends a signed webhook about a call, and returns the answer's body. Any
// status but 200 and 204 is an error.
func (c *carrier) post(ctx context.Context, path string, id ids, to, status string) ([]byte, error) {
	address := "http://" + c.address + path
	form := url.Values{"CallSid": {id.call}, "AccountSid": {id.account}, "From": {"+15550100001"}, "To": {to},
		"CallStatus": {status}, "ApiVersion": {"2010-04-01"}, "Direction": {"inbound"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	req.Header.Set("X-Twilio-Signature", c.sign(address, form))
	res, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err == nil && res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNoContent {
		err = fmt.Errorf("bench: %s was answered with %s", path, res.Status)
	}
	return body, err
}

// completed tells the gateway that a call is over.
func (c *carrier) completed(ctx context.Context, id ids) error {
	_, err := c.post(ctx, "/twilio/status", id, number, "completed")
	return err
}

// errBusy says that the gateway has the caller hear busy.
var errBusy = errors.New("bench: the call was turned down")

// ring tells the gateway of a call to a number, and returns where its stream is
// to go and the token that lets it in, or [errBusy].
func (c *carrier) ring(ctx context.Context, id ids, to string) (stream, token string, err error) {
	body, err := c.post(ctx, "/twilio/voice", id, to, "ringing")
	if err != nil {
		return "", "", err
	}
	var doc struct {
		Stream struct {
			URL    string `xml:"url,attr"`
			Params []struct {
				Name  string `xml:"name,attr"`
				Value string `xml:"value,attr"`
			} `xml:"Parameter"`
		} `xml:"Connect>Stream"`
		Reject *struct{} `xml:"Reject"`
	}
	err = xml.Unmarshal(body, &doc)
	switch {
	case err == nil && doc.Reject != nil:
		return "", "", errBusy
	case err != nil || len(doc.Stream.Params) != 1:
		return "", "", errors.New("bench: the voice webhook's answer connects to no stream")
	}
	return doc.Stream.URL, doc.Stream.Params[0].Value, nil
}

// connect opens the call's stream and shows the token.
func (c *carrier) connect(ctx context.Context, id ids) (*socket, error) {
	stream, token, err := c.ring(ctx, id, number)
	if err != nil {
		return nil, err
	}
	d := websocket.Dialer{HandshakeTimeout: 10 * time.Second, ReadBufferSize: 512, WriteBufferSize: 512}
	conn, res, err := d.DialContext(ctx, stream, http.Header{"X-Twilio-Signature": {c.sign(stream, nil)}})
	if res != nil {
		res.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("bench: the stream was refused: %w", err)
	}
	// From here on frames are read and written by us: it costs the load less,
	// and the gateway says nothing before our start message.
	w := &socket{Conn: conn.NetConn(), r: bufio.NewReaderSize(conn.NetConn(), 1024)}
	first := appendFrame(nil, opText, []byte(connectedText))
	first = appendFrame(first, opText, appendStart(nil, id, token))
	if _, err := w.Write(first); err != nil {
		w.Close()
		return nil, fmt.Errorf("bench: the stream broke at its start: %w", err)
	}
	return w, nil
}

// socket is the client's end of a websocket.
type socket struct {
	net.Conn
	r    *bufio.Reader
	head [8]byte
	text []byte
}

// next returns the next frame; its payload is valid until the one after. The
// gateway never cuts a message into several frames; if it did, each would be
// taken for a message that Twilio would refuse.
func (w *socket) next() (op byte, payload []byte, err error) {
	if _, err := io.ReadFull(w.r, w.head[:2]); err != nil {
		return 0, nil, err
	}
	op = w.head[0] & 0xf
	if w.head[0]&0x80 == 0 {
		op = 0
	}
	n := int(w.head[1] & 0x7f)
	switch n {
	case 126:
		if _, err := io.ReadFull(w.r, w.head[:2]); err != nil {
			return 0, nil, err
		}
		n = int(binary.BigEndian.Uint16(w.head[:2]))
	case 127:
		return 0, nil, errMessage
	}
	w.text = slices.Grow(w.text[:0], n)[:n]
	_, err = io.ReadFull(w.r, w.text)
	return op, w.text, err
}
