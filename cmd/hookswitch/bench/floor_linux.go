package bench

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// poller has all streams of the floor on one thread, by epoll.
type poller struct {
	epoll int
	lump  int // frames
	done  chan struct{}
	stop  atomic.Bool

	mu    sync.Mutex
	bares map[int32]*bare // by descriptor
}

// bare is one stream. Only the poller's thread uses it once it is polled.
type bare struct {
	fd   int
	rest []byte // a frame's beginning
	out  []byte // replies that wait for their lump
	held int    // frames of them
}

const (
	pollEvents  = 256
	pollBuffer  = 64 << 10
	pollQuietMS = 100 // after which what waits for its lump goes as it is
)

func newPoller(lump int) (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("bench: epoll: %w", err)
	}
	p := &poller{epoll: fd, lump: max(1, lump), done: make(chan struct{}), bares: map[int32]*bare{}}
	go p.run()
	return p, nil
}

// take has c polled from now on. It is closed: what is polled is a copy of it.
func (p *poller) take(c net.Conn) error {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return errors.New("bench: the floor takes TCP only")
	}
	file, err := tcp.File()
	if err != nil {
		return err
	}
	defer file.Close()
	fd, err := unix.Dup(int(file.Fd()))
	if err != nil {
		return err
	}
	if err := errors.Join(unix.SetNonblock(fd, true), tcp.Close()); err != nil {
		return errors.Join(err, unix.Close(fd))
	}
	p.mu.Lock()
	p.bares[int32(fd)] = &bare{fd: fd}
	p.mu.Unlock()
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

func (p *poller) talking() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.bares)
}

// run polls until it is stopped.
func (p *poller) run() {
	defer close(p.done)
	events, buf := make([]unix.EpollEvent, pollEvents), make([]byte, pollBuffer)
	for !p.stop.Load() {
		n, err := unix.EpollWait(p.epoll, events, pollQuietMS)
		if n == 0 && err == nil {
			p.flush()
		}
		for _, e := range events[:max(0, n)] {
			p.mu.Lock()
			b := p.bares[e.Fd]
			p.mu.Unlock()
			if b != nil && !b.ready(buf, p.lump) {
				p.drop(b)
			}
		}
	}
	for _, b := range p.bares { // nobody else is there any more
		unix.Close(b.fd)
	}
}

// ready reads once, and writes once if a lump is complete. It reports whether the
// stream still is.
func (b *bare) ready(buf []byte, lump int) bool {
	kept := copy(buf, b.rest)
	n, err := unix.Read(b.fd, buf[kept:])
	if err == unix.EAGAIN || err == unix.EINTR {
		return true
	}
	if n <= 0 || err != nil {
		return false
	}
	out, rest, frames := bounce(b.out, buf[:kept+n])
	b.rest, b.out, b.held = append(b.rest[:0], rest...), out, b.held+frames
	if b.held >= lump {
		b.write()
	}
	return true
}

// write sends what waits. A far end that reads nothing for so long that its
// buffers are full shows in what is missing.
func (b *bare) write() {
	unix.Write(b.fd, b.out)
	b.out, b.held = b.out[:0], 0
}

func (p *poller) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.bares {
		if b.held > 0 {
			b.write()
		}
	}
}

func (p *poller) drop(b *bare) {
	p.mu.Lock()
	delete(p.bares, int32(b.fd))
	p.mu.Unlock()
	unix.Close(b.fd) // which takes it from the epoll, too
}

// close ends the polling, and every stream.
func (p *poller) close() error {
	p.stop.Store(true)
	<-p.done
	return unix.Close(p.epoll)
}
