//go:build linux && (amd64 || arm64) && !race

package ws

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// socket asks the kernel without telling Go's scheduler. Package net tells it of
// each read and write, as they could block; these don't (MSG_DONTWAIT, but for the
// socket's lock and memory that the kernel has to find), and the telling is a tenth of
// what a frame costs. To wait for the socket, deadlines and closing are still package
// net's.
//
// Under the race detector there is none: package net tells it that what was done
// before a write was done before the read of it.
type socket struct {
	raw            syscall.RawConn
	reads, writes  func(fd uintptr) bool // receive and send, made once
	in, out        []byte                // what is read into, and what has yet to be sent; only lent
	got            int
	failed, broken syscall.Errno // of the last read, and of the last write
}

// wireOf is the socket below conn, or conn itself if it is no bare one.
func wireOf(conn net.Conn) io.ReadWriter {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	s := &socket{raw: raw}
	s.reads, s.writes = s.receive, s.send
	return s
}

// Read is net.Conn's. One goroutine at a time reads.
func (s *socket) Read(b []byte) (int, error) {
	s.in = b
	err := s.raw.Read(s.reads)
	s.in = nil
	switch {
	case err != nil:
		return 0, err
	case s.failed != 0:
		return 0, os.NewSyscallError("recvfrom", s.failed)
	case s.got == 0 && len(b) > 0:
		return 0, io.EOF
	}
	return s.got, nil
}

// receive reports whether there was something, if only an error.
func (s *socket) receive(fd uintptr) bool {
	s.got, s.failed = ask(syscall.SYS_RECVFROM, fd, s.in, syscall.MSG_DONTWAIT)
	return s.failed != syscall.EAGAIN
}

// Write is net.Conn's, which sends all of b. One goroutine at a time writes.
func (s *socket) Write(b []byte) (int, error) {
	s.out, s.broken = b, 0
	err := s.raw.Write(s.writes)
	sent := len(b) - len(s.out)
	s.out = nil
	if err == nil && s.broken != 0 {
		err = os.NewSyscallError("sendto", s.broken)
	}
	return sent, err
}

// send reports whether there is nothing more to wait for.
func (s *socket) send(fd uintptr) bool {
	n := 0
	for len(s.out) > 0 {
		n, s.broken = ask(syscall.SYS_SENDTO, fd, s.out, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
		if s.broken != 0 {
			return s.broken != syscall.EAGAIN
		}
		if n == 0 {
			s.broken = syscall.EIO // never seen; it would go on for ever
			return true
		}
		s.out = s.out[n:]
	}
	return true
}

// ask makes one call that does not block, again if a signal came between.
func ask(call, fd uintptr, b []byte, flags uintptr) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), flags, 0, 0)
		if errno == 0 {
			return int(n), 0
		}
		if errno != syscall.EINTR {
			return 0, errno
		}
	}
}
