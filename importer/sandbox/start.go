package sandbox

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Running is a sandbox that listens.
type Running struct {
	// Server is the API itself, for Put, Cases and Stats.
	Server *Server
	// URL is the base of the API, such as http://127.0.0.1:8089.
	URL string
	// TokenURL is the token endpoint.
	TokenURL string

	addr  string
	close sync.Once
	ended chan struct{}
	err   error // set before ended is closed
}

// Start listens on an address of loopback, such as 127.0.0.1:8089, and refuses
// any other; port 0 takes a free one. It returns once clients can connect.
func Start(addr string, opt Options) (*Running, error) {
	if err := opt.check(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: listen address %q: %w: give one such as 127.0.0.1:8089", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("sandbox: %s is not on loopback: it has no protection, so give an address such as 127.0.0.1:8089", addr)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	addr = ln.Addr().String()
	r := &Running{
		Server:   New(opt),
		URL:      "http://" + addr,
		TokenURL: "http://" + addr + tokenPath,
		addr:     addr,
		ended:    make(chan struct{}),
	}
	if opt.OutageFor > 0 && opt.OutageAfterCreates == 0 {
		time.AfterFunc(opt.OutageAfter, func() { close(r.Server.begins) })
	}
	go r.run(ln)
	return r, nil
}

// Close ends the sandbox at once, whatever hangs. What was stored can still be
// read through Server.
func (r *Running) Close() error {
	r.close.Do(r.Server.stop)
	return r.Wait()
}

// Wait returns when the sandbox has ended: nil after Close, else why.
func (r *Running) Wait() error {
	<-r.ended
	return r.err
}

// run serves until Close, without a listener during an outage that refuses
// connections.
func (r *Running) run(ln net.Listener) {
	defer close(r.ended)
	outage := r.Server.begins
	if r.Server.opt.OutageMode != OutageRefuse {
		outage = nil
	}
	for ln != nil {
		server := &http.Server{
			Handler:           r.Server,
			ReadHeaderTimeout: time.Minute,
			ErrorLog:          log.New(io.Discard, "", 0),
		}
		failed := make(chan error, 1)
		go func() { failed <- server.Serve(ln) }()
		select {
		case r.err = <-failed:
			r.err = fmt.Errorf("sandbox: %w", r.err)
			return
		case <-r.Server.stopped:
			_ = server.Close()
			<-failed
			return
		case <-outage:
			outage = nil // there is only one
			_ = server.Close()
			<-failed
			ln = r.listenAgain(time.After(r.Server.opt.OutageFor))
		}
	}
}

// listenAgain takes the same port again; nil after Close. Another program may
// have the port for a moment.
func (r *Running) listenAgain(when <-chan time.Time) net.Listener {
	for {
		select {
		case <-r.Server.stopped:
			return nil
		case <-when:
		}
		ln, err := net.Listen("tcp", r.addr)
		if err == nil {
			return ln
		}
		when = time.After(10 * time.Millisecond)
	}
}
