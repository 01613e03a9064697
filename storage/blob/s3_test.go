package blob

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media/wav"
)

// shelf is as much of S3 as a recording needs, on loopback: whole objects put,
// and read by ranges.
type shelf struct {
	mu      sync.Mutex
	objects map[string][]byte
	closed  bool // answers 503
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, signed := r.URL.Path, strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	switch {
	case s.closed || !signed:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.Method == http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil || strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
			w.WriteHeader(http.StatusNotImplemented)
			return
		}
		s.objects[key] = body
		w.Header().Set("ETag", `"1"`)
	case s.objects[key] == nil:
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusNotFound)
		_ = xml.NewEncoder(w).Encode(struct {
			XMLName xml.Name `xml:"Error"`
			Code    string
		}{Code: "NoSuchKey"})
	default:
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Unix(1_790_000_000, 0), bytes.NewReader(s.objects[key]))
	}
}

func openS3(t *testing.T, rows *book) (*Bucket, *shelf) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
	s := &shelf{objects: map[string][]byte{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	q := url.Values{"region": {"us-east-1"}, "endpoint": {server.URL}, "use_path_style": {"true"}, "request_checksum_calculation": {"when_required"}}
	b, err := Open(t.Context(), Config{URL: "s3://calls?" + q.Encode(), Spool: t.TempDir(), Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, s
}

func TestRecordingsAreKeptInS3(t *testing.T) {
	b, s := openS3(t, new(book))
	if err := record(t, b, 1, 0, 50, 1000).Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.objects["/calls/call_1.wav"]) != int(wav.CallHead)+16_000 || len(s.objects["/calls/call_1.peaks"]) == 0 {
		t.Errorf("the bucket holds %d and %d bytes", len(s.objects["/calls/call_1.wav"]), len(s.objects["/calls/call_1.peaks"]))
	}
	if a, err := wav.Parse(whole(t, b)); err != nil || a.Duration() != time.Second {
		t.Errorf("it lasts %v, %v", a.Duration(), err)
	}
	if p, err := b.Peaks(t.Context(), "call_1"); err != nil || len(p[0]) != 100 {
		t.Errorf("%d peaks, %v", len(p[0]), err)
	}
	if left, _ := os.ReadDir(b.folder); len(left) > 0 {
		t.Errorf("the spool holds %v after the upload", left)
	}
}

func TestS3ThatDoesNotAnswerIsTriedAgain(t *testing.T) {
	b, s := openS3(t, new(book))
	r := record(t, b, 1, 0, 50, 1000)
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	if err := r.Close(t.Context()); err == nil {
		t.Fatal("Close() succeeded, and nobody took the recording")
	}
	s.mu.Lock()
	s.closed = false
	s.mu.Unlock()
	if n, err := b.Sweep(t.Context(), time.Now().Add(2*abandoned)); n != 1 || err != nil {
		t.Errorf("Sweep() = %d, %v, want 1", n, err)
	}
	if a, err := wav.Parse(whole(t, b)); err != nil || a.Duration() != time.Second {
		t.Errorf("it lasts %v, %v", a.Duration(), err)
	}
}
