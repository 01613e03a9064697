package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

func TestRecordingIsSavedOnceAndNothingIsLeftOfAFailure(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v2/calls/{id}", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"success":true,"item":{"id":"`+r.PathValue("id")+`","status":"ended"}}`)
	})
	mux.HandleFunc("GET /api/v2/calls/{id}/recording", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") == "call_mute" {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"success":false,"errors":{"base":["Recording not found"]},"message":"Failed to get recording"}`)
			return
		}
		io.WriteString(w, "RIFF....WAVE")
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	environ := []string{"HOOKSWITCH_SERVER=" + srv.URL, "HOOKSWITCH_API_KEY=hsk_x"}
	name := filepath.Join(t.TempDir(), "x.wav")

	if status, out, errs := typed(t, environ, "call", "recording", "call_7q2f", "-O", name); status != fault.Held || !strings.Contains(out, "left the caller, right the agent") {
		t.Fatalf("status %d: %s%s", status, out, errs)
	}
	info, err := os.Stat(name)
	if text, readErr := os.ReadFile(name); err != nil || readErr != nil || string(text) != "RIFF....WAVE" || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v: people speak in it", text, info, err)
	}
	if status, _, errs := typed(t, environ, "call", "recording", "call_7q2f", "-O", name); status != fault.Wrong || !strings.Contains(errs, "--force") {
		t.Errorf("a second time: %d %s", status, errs)
	}
	if status, out, _ := typed(t, environ, "call", "recording", "call_7q2f", "-O", "-"); status != fault.Held || out != "RIFF....WAVE" {
		t.Errorf("to stdout: %d %q", status, out)
	}
	other := filepath.Join(t.TempDir(), "y.wav")
	status, _, errs := typed(t, environ, "call", "recording", "call_mute", "-O", other)
	if _, err := os.Stat(other); status != fault.Wrong || !strings.Contains(errs, "Recording not found") || !os.IsNotExist(err) {
		t.Errorf("without a recording: %d %s, %v", status, errs, err)
	}
}
