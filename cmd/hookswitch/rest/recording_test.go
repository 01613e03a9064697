package rest_test

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/blob"
)

// studio is an office that records.
func studio(t *testing.T) (*office, *blob.Bucket) {
	t.Helper()
	var bucket *blob.Bucket
	o := staff(t, func(c *rest.Config) {
		var err error
		bucket, err = blob.Open(t.Context(), blob.Config{URL: t.TempDir(), Rows: c.Roster.(*storage.DB)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { bucket.Close() })
		c.Calls.Recordings = bucket
	})
	return o, bucket
}

// tape records seconds of a call that was lost for one and taken up again.
func (o *office) tape(b *blob.Bucket, id string) {
	o.t.Helper()
	call := o.ring(id)
	var loud, low media.Frame
	for i := range loud {
		loud[i], low[i] = 16_000, -4_000
	}
	for epoch, start := range []time.Duration{0, 2 * time.Second} {
		r, err := b.Recording(call, epoch+1, start)
		if err != nil {
			o.t.Fatal(err)
		}
		for range 50 {
			r.Record(&loud, &low)
		}
		if err := r.Close(o.t.Context()); err != nil {
			o.t.Fatal(err)
		}
	}
}

// get asks for a recording, with headers in pairs.
func (o *office) get(method, path string, headers ...string) *httptest.ResponseRecorder {
	o.t.Helper()
	r := request(method, path, o.ours, "")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	o.h.ServeHTTP(w, r)
	return w
}

const recording = "/api/v2/calls/call_1/recording"

func TestRecordingIsOneFileWithItsGaps(t *testing.T) {
	o, b := studio(t)
	o.tape(b, "call_1")
	w := o.get("GET", recording)
	if w.Code != 200 || w.Header().Get("Content-Type") != "audio/wav" || w.Header().Get("Accept-Ranges") != "bytes" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	a, err := wav.Parse(w.Body.Bytes())
	if err != nil || a.Duration() != 3*time.Second {
		t.Fatalf("it lasts %v, %v, want 3s", a.Duration(), err)
	}
	for ms, sounds := range map[int]bool{500: true, 1500: false, 2500: true} {
		if got := a.Channel(0)[8*ms] > 1000; got != sounds {
			t.Errorf("at %d ms the caller sounds: %v, want %v", ms, got, sounds)
		}
	}
	head := o.get("HEAD", recording)
	if head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
		t.Errorf("HEAD = %d, %d bytes, Content-Length %s, want %d", head.Code, head.Body.Len(), head.Header().Get("Content-Length"), w.Body.Len())
	}
}

func TestRangesOfARecording(t *testing.T) {
	o, b := studio(t)
	o.tape(b, "call_1")
	whole := o.get("GET", recording).Body.Bytes()
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		from := rnd.IntN(len(whole))
		to := from + rnd.IntN(len(whole)-from)
		w := o.get("GET", recording, "Range", "bytes="+strconv.Itoa(from)+"-"+strconv.Itoa(to))
		if w.Code != http.StatusPartialContent || !bytes.Equal(w.Body.Bytes(), whole[from:to+1]) {
			t.Fatalf("bytes %d to %d: %d, %d bytes", from, to, w.Code, w.Body.Len())
		}
	}
	if w := o.get("GET", recording, "Range", "bytes=-100"); !bytes.Equal(w.Body.Bytes(), whole[len(whole)-100:]) {
		t.Errorf("the last 100 bytes: %d, %d bytes", w.Code, w.Body.Len())
	}
	r := request("GET", recording, o.ours, "")
	r.Header.Set("Range", "bytes=99999999-")
	a := o.send(r)
	if a.status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a range behind the end = %d", a.status)
	}
	a.errors(`{"base":["The recording has no such range."]}`)
	tag := o.get("GET", recording).Header().Get("ETag")
	if w := o.get("GET", recording, "If-None-Match", tag); w.Code != http.StatusNotModified {
		t.Errorf("with its own tag = %d, want 304", w.Code)
	}
}

func TestPeaksOfARecording(t *testing.T) {
	o, b := studio(t)
	o.tape(b, "call_1")
	a := o.as(o.ours, "GET", recording+"/peaks", "")
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.text)
	}
	a.wants("version", `1`)
	a.wants("sample_rate", `8000`)
	a.wants("samples_per_peak", `80`)
	a.wants("channels", `2`)
	a.wants("length_ms", `3000`)
	a.wants("peaks", `300`)
	caller := a.at("data.0").([]any)
	if len(caller) != 600 || caller[101].(float64) < 50 || caller[301].(float64) != 0 || caller[501].(float64) < 50 {
		t.Errorf("the caller's peaks: %d numbers, %v %v %v", len(caller), caller[101], caller[301], caller[501])
	}
	wide := o.as(o.ours, "GET", recording+"/peaks?max=100", "")
	wide.wants("samples_per_peak", `240`)
	wide.wants("peaks", `100`)
	o.fails(400, "GET", recording+"/peaks?max=1000000", "")
}

func TestCallWithoutARecording(t *testing.T) {
	o, _ := studio(t)
	o.ring("call_1")
	o.fails(404, "GET", recording, "").errors(`{"base":["Recording not found"]}`)
	o.fails(404, "GET", recording+"/peaks", "")
	silent := staff(t)
	silent.ring("call_1")
	silent.fails(404, "GET", recording, "")
}
