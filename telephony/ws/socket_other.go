//go:build !linux || !(amd64 || arm64) || race

package ws

import "net"

// socket is there on Linux: see there.
type socket struct{}

func socketOf(net.Conn) *socket { return nil }

func (*socket) read([]byte) (int, error) { panic("ws: no socket") }

func (*socket) write([]byte) error { panic("ws: no socket") }
