package wire

import (
	"encoding/base64"
	"encoding/json"
	"testing"
)

func BenchmarkParseMedia(b *testing.B) {
	msg := captured(b)[2]
	var m Message
	b.ReportAllocs()
	for b.Loop() {
		if err := Parse(msg, &m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseMediaEncodingJSON is the same work by the standard library.
func BenchmarkParseMediaEncodingJSON(b *testing.B) {
	msg := captured(b)[2]
	b.ReportAllocs()
	for b.Loop() {
		var m struct {
			Event     string
			StreamSid string
			Media     struct{ Track, Payload string }
		}
		if err := json.Unmarshal(msg, &m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	payload := []byte(base64.StdEncoding.EncodeToString(make([]byte, 160)))
	dst := make([]byte, 0, 200)
	b.Run("wire", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(dst, payload); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("std", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := base64.StdEncoding.AppendDecode(dst, payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppendMedia(b *testing.B) {
	ulaw, dst := make([]byte, 160), make([]byte, 0, 512)
	b.Run("wire", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dst = AppendMedia(dst[:0], "MZ00112233445566778899aabbccddeeff", ulaw)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		type media struct {
			Payload []byte `json:"payload"`
		}
		type message struct {
			Event     string `json:"event"`
			StreamSid string `json:"streamSid"`
			Media     media  `json:"media"`
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(message{"media", "MZ00112233445566778899aabbccddeeff", media{ulaw}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
