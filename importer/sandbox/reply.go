package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

func (c *call) badRequest(faults ...fieldError) {
	c.refuse(http.StatusBadRequest, "bad_request", "the request is not valid", faults...)
}

// refuse answers in the API's form.
func (c *call) refuse(status int, code, message string, faults ...fieldError) {
	for _, f := range faults {
		c.refused = append(c.refused, f.Name)
	}
	body, _ := json.Marshal(struct {
		Code    string       `json:"code"`
		Message string       `json:"message"`
		Fields  []fieldError `json:"fields"`
	}{code, message, append([]fieldError{}, faults...)})
	c.json(status, body)
}

// Header values shared by all answers.
var (
	jsonType = []string{"application/json"}
	htmlType = []string{"text/html; charset=utf-8"}
)

func (c *call) json(status int, body []byte) {
	c.w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.send(status, jsonType, body)
}

// html answers with a page such as gateways give.
func (c *call) html(status int) {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	c.send(status, htmlType, []byte("<html>\r\n<head><title>"+title+"</title></head>\r\n<body>\r\n<center><h1>"+
		title+"</h1></center>\r\n<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n"))
}

func (c *call) send(status int, contentType []string, body []byte) {
	c.status = status
	c.w.Header()["Content-Type"] = contentType
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // a client that is gone is no fault of ours
}

// log writes the one line about this request.
func (c *call) log() {
	if c.s.opt.Log == nil {
		return
	}
	status := "no answer"
	if c.status != 0 {
		status = strconv.Itoa(c.status)
	}
	line := fmt.Sprintf("%s %s %s %s", time.Now().Format("15:04:05.000"), c.r.Method, c.r.URL.EscapedPath(), status)
	if c.fault != noFault {
		line += " fault: " + faultNames[c.fault]
	}
	if len(c.refused) > 0 {
		line += fmt.Sprintf(" refused: %q", c.refused)
	}
	c.s.logging.Lock()
	defer c.s.logging.Unlock()
	fmt.Fprintln(c.s.opt.Log, line)
}
