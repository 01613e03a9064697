package tracing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/tracing"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestLinesOfACallSayItsTrace(t *testing.T) {
	id := telephony.CallID("call_1")
	want := `trace_id=` + trace.Of("call_1").String()
	for name, tt := range map[string]struct {
		log  func(l *slog.Logger)
		want int // times that the trace is in the line
	}{
		"a call's id":            {func(l *slog.Logger) { l.Info("x", "call", id) }, 1},
		"as a string":            {func(l *slog.Logger) { l.Info("x", "n", 1, "call", "call_1") }, 1},
		"said before":            {func(l *slog.Logger) { l.With("call", id).Info("x", "n", 1) }, 1},
		"said before, and again": {func(l *slog.Logger) { l.With("call", id).With("n", 1).Info("x", "call", id) }, 1},
		"said before a group":    {func(l *slog.Logger) { l.With("call", id).WithGroup("g").Info("x", "n", 1) }, 1},
		"of no call":             {func(l *slog.Logger) { l.Info("x", "n", 1) }, 0},
		"no id":                  {func(l *slog.Logger) { l.Info("x", "call", "") }, 0},
		"another call":           {func(l *slog.Logger) { l.WithGroup("g").Info("x", "call", id) }, 0},
		"a number of calls":      {func(l *slog.Logger) { l.Info("x", "call", 3) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			tt.log(slog.New(tracing.Log(slog.NewTextHandler(&b, nil))))
			if got := strings.Count(b.String(), "trace_id="); got != tt.want || got > 0 && !strings.Contains(b.String(), want) {
				t.Errorf("the line is %s", b.String())
			}
		})
	}
}

func TestTracesAreInJSONAndNumbersAreNot(t *testing.T) {
	var b bytes.Buffer
	slog.New(tracing.Log(slog.NewJSONHandler(&b, nil))).Info("call taken", "call", telephony.CallID("call_1"), "from", telephony.Number("+14155550134"), "error", errors.New("no"))
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line["trace_id"] != trace.Of("call_1").String() || line["call"] != "call_1" {
		t.Errorf("the line is %s", b.String())
	}
	if strings.Contains(b.String(), "555") {
		t.Errorf("the line tells a number: %s", b.String())
	}
}

func TestLevelsAreTheHandlers(t *testing.T) {
	l := slog.New(tracing.Log(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if l.Enabled(t.Context(), slog.LevelInfo) || !l.With("call", "c").Enabled(t.Context(), slog.LevelWarn) {
		t.Error("the level is another one")
	}
}

func BenchmarkLog(b *testing.B) {
	id := telephony.CallID("call_1")
	for name, l := range map[string]*slog.Logger{
		"plain":  slog.New(slog.NewJSONHandler(io.Discard, nil)),
		"traced": slog.New(tracing.Log(slog.NewJSONHandler(io.Discard, nil))),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Info("x", "call", id)
			}
		})
	}
}
