//go:build !linux

package bench

import "testing"

func floor(b *testing.B, _, _ []byte) { b.Skip("plain system calls are spelled for Linux only") }
