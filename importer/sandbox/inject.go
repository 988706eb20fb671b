package sandbox

import (
	"bytes"
	"math"
	"net/http"
	"strconv"
	"time"
)

// What a fault does to a request. Whatever cuts the connection does not
// return: http.ErrAbortHandler makes net/http close it without a word.

// wait lets time pass. A client that gives up meanwhile changes nothing.
func (c *call) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-c.s.stopped:
		c.cut(noFault)
	}
}

// draw decides about the request and waits as long as it takes.
func (c *call) draw(request string) plan {
	plan := c.s.inject.draw(c.kind, request)
	c.wait(plan.latency)
	return plan
}

// spoiled carries out a fault, but those that need the case or its answer.
func (c *call) spoiled(plan plan) bool {
	c.fault = plan.fault
	switch plan.fault {
	case throttle:
		c.tooMany(0)
	case cutBefore, cutAfter:
		c.cut(plan.fault)
	case hangBefore, hangAfter:
		c.untilGone()
		c.cut(plan.fault)
	case errBefore, errAfter, readFault:
		c.html([...]int{500, 502, 503, 504}[plan.variant%4])
	default:
		c.fault = noFault
		return false
	}
	return true
}

// cut ends the connection without an answer. It does not return.
func (c *call) cut(f fault) {
	c.fault, c.status = f, 0
	panic(http.ErrAbortHandler)
}

// storeLate never answers, and stores the case when the client is long gone.
// It does not return.
func (c *call) storeLate(rec *record) {
	c.untilGone()
	go func() {
		select {
		case <-time.After(c.s.opt.LateDelay):
			c.s.add(rec)
		case <-c.s.stopped:
		}
	}()
	c.cut(lateStore)
}

// untilGone waits for the client to give up.
func (c *call) untilGone() {
	select {
	case <-c.r.Context().Done():
	case <-c.s.stopped:
	}
}

// outage answers while the server is down. It tells whether it did: some
// outages do not concern every request.
func (c *call) outage() bool {
	mode := c.s.opt.OutageMode
	if c.kind == token && mode != Outage503 && mode != OutageRefuse {
		return false
	}
	switch mode {
	case OutageRefuse:
		c.cut(noFault)
	case Outage403, Outage403HTML:
		c.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(c.s.outageLeft().Seconds()))))
		if mode == Outage403HTML {
			c.html(http.StatusForbidden)
		} else {
			c.refuse(http.StatusForbidden, "forbidden", "too many requests, wait a little")
		}
	case OutagePage:
		c.html(http.StatusOK)
	case OutageSession:
		if c.s.tokens.issuedAfter(c.bearer(), c.s.start.Add(time.Duration(c.s.outage.Load()))) {
			return false
		}
		c.refuse(http.StatusBadRequest, "session_gone", "the session is over, log on again")
	default:
		c.html(http.StatusServiceUnavailable)
	}
	return true
}

// broken answers what was done with a body from which no id can be read.
func (c *call) broken(status int, body []byte, variant int) {
	c.fault = brokenAnswer
	switch variant % 5 {
	case 0:
		c.json(status, nil)
	case 1: // shorter than announced
		c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		c.send(status, jsonType, body[:len(body)/2])
	case 2:
		c.json(status, body[:len(`{"id":"`)])
	case 3:
		_, rest, _ := bytes.Cut(body, []byte(","))
		c.json(status, append([]byte{'{'}, rest...))
	case 4:
		c.html(status)
	}
}
