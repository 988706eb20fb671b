package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"caseimport/importer/exit"
	"caseimport/importer/sandbox"
)

// office is a company's own certificate authority, in a file for --ca-cert.
type office struct {
	file string
	cert *x509.Certificate
	key  crypto.Signer
}

func newOffice(t *testing.T) *office {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	o := &office{key: key, cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example Inspecting Proxy"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(2, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}}
	der, err := x509.CreateCertificate(rand.Reader, o.cert, o.cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	o.file = filepath.Join(t.TempDir(), "proxy.pem")
	if err := os.WriteFile(o.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

// issue makes a certificate for an address that is valid for some days from now, or
// was until some days ago.
func (o *office) issue(t *testing.T, ip string, days int) *tls.Certificate {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	from := time.Now().AddDate(-1, 0, 0)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: ip}, IPAddresses: []net.IP{net.ParseIP(ip)}, NotBefore: from, NotAfter: time.Now().AddDate(0, 0, days)}
	der, err := x509.CreateCertificate(rand.Reader, leaf, o.cert, key.Public(), o.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secured is a sandbox behind TLS, for which the environment is set.
type secured struct {
	box         *sandbox.Server
	certificate atomic.Pointer[tls.Certificate]
	requests    atomic.Int32
	then        func(n int32) // with the number of each request
}

func secure(t *testing.T, certificate *tls.Certificate) *secured {
	s := &secured{box: sandbox.New(sandbox.Options{AnyAgent: true}), then: func(int32) {}}
	s.certificate.Store(certificate)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.then(s.requests.Add(1))
		w.Header().Set("Connection", "close") // so that each request sees the certificate
		s.box.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{Certificates: []tls.Certificate{*s.certificate.Load()}}, nil
	}}
	server.StartTLS()
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"TALKDESK_BASE_URL": server.URL, "TALKDESK_TOKEN_URL": server.URL + "/oauth/token",
		"TALKDESK_ACCOUNT": "acme", "TALKDESK_CLIENT_ID": "id", "TALKDESK_CLIENT_SECRET": "secret"} {
		t.Setenv(name, value)
	}
	return s
}

// speaking are the commands that speak to the API, in a folder with their files.
func speaking(t *testing.T) map[string][]string {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/common")); err != nil {
		t.Fatal(err)
	}
	good, mapping := filepath.Join(dir, "good.csv"), filepath.Join(dir, "mapping.yaml")
	return map[string][]string{
		"run":    {"run", good, "-m", mapping, "--rate", "0", "--settle", "10ms"},
		"doctor": {"doctor", "--rate", "0"},
		"fields": {"fields", "--rate", "0"},
		"check":  {"check", good, "-m", mapping, "--live", "--rate", "0"},
	}
}

func said(args ...string) (code int, text string) {
	var out bytes.Buffer
	code = exec(context.Background(), args, nil, &out, &out)
	return code, out.String()
}

// What is wrong with a certificate no waiting heals: exit 1, in words, and nothing was sent.
func TestCertificatesThatAreNotTrusted(t *testing.T) {
	ours := newOffice(t)
	for _, tt := range []struct {
		name        string
		certificate *tls.Certificate
		trust       bool
		words       []string
	}{
		{"issuer unknown", ours.issue(t, "127.0.0.1", 9), false, []string{`issued by "CN=Example Inspecting Proxy"`, "--ca-cert"}},
		{"expired", ours.issue(t, "127.0.0.1", -9), true, []string{"expired on " + time.Now().AddDate(0, 0, -9).UTC().Format(time.DateOnly), "clock"}},
		{"another host", ours.issue(t, "192.0.2.7", 9), true, []string{"its certificate is for 192.0.2.7, not for this host"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := secure(t, tt.certificate)
			if tt.trust {
				t.Setenv("TALKDESK_CA_CERT", ours.file)
			}
			for name, args := range speaking(t) {
				code, text := said(args...)
				for _, want := range tt.words {
					if !strings.Contains(text, want) {
						t.Errorf("%s does not say %q:\n%s", name, want, text)
					}
				}
				if code != exit.Refused || s.requests.Load() > 0 {
					t.Errorf("%s: exit %d, %d requests", name, code, s.requests.Load())
				}
			}
		})
	}
}

func TestCACert(t *testing.T) {
	ours := newOffice(t)
	s := secure(t, ours.issue(t, "127.0.0.1", 9))
	for name, args := range speaking(t) {
		code, text := said(append(args, "--ca-cert", ours.file)...)
		if code != exit.Done && !(name == "doctor" && code == exit.Faults) { // an empty account has something to attend to
			t.Errorf("%s: exit %d\n%s", name, code, text)
		}
	}
	if n := len(s.box.Cases()); n != 3 {
		t.Errorf("%d cases", n)
	}
	for file, want := range map[string]string{"testdata/common/good.csv": "holds no certificate", "testdata/none.pem": "none.pem"} {
		if code, text := said("doctor", "--ca-cert", file); code != exit.Refused || !strings.Contains(text, want) {
			t.Errorf("exit %d: %s", code, text)
		}
	}
}

// A certificate that expires in mid-run stops it; the rest is sent when it is renewed.
func TestCertificateExpiresInMidRun(t *testing.T) {
	ours := newOffice(t)
	good := ours.issue(t, "127.0.0.1", 9)
	s := secure(t, good)
	s.then = func(int32) {
		if len(s.box.Cases()) == 1 {
			s.certificate.Store(ours.issue(t, "127.0.0.1", -1))
		}
	}
	run := append(speaking(t)["run"], "--ca-cert", ours.file, "--concurrency", "1")
	if code, text := said(run...); code != exit.Stopped || !strings.Contains(text, "expired on") || strings.Contains(text, "trying again") {
		t.Errorf("exit %d:\n%s", code, text)
	}
	if n := len(s.box.Cases()); n == 0 || n == 3 {
		t.Fatalf("%d cases", n)
	}
	s.then = func(int32) {}
	s.certificate.Store(good)
	if code, text := said(run...); code != exit.Done || len(s.box.Cases()) != 3 {
		t.Errorf("exit %d, %d cases:\n%s", code, len(s.box.Cases()), text)
	}
}

// A server that wants a certificate of ours, or speaks a TLS of the past.
func TestTLSIsRefused(t *testing.T) {
	for name, config := range map[string]*tls.Config{
		"certificate wanted": {ClientAuth: tls.RequireAnyClientCert},
		"too old":            {MaxVersion: tls.VersionTLS10, MinVersion: tls.VersionTLS10},
	} {
		t.Run(name, func(t *testing.T) {
			ours := newOffice(t)
			secure(t, nil)
			config.Certificates = []tls.Certificate{*ours.issue(t, "127.0.0.1", 9)}
			listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					go func() { _ = conn.(*tls.Conn).Handshake(); _, _ = io.Copy(io.Discard, conn); conn.Close() }()
				}
			}()
			url := fmt.Sprintf("https://%s", listener.Addr())
			t.Setenv("TALKDESK_BASE_URL", url)
			t.Setenv("TALKDESK_TOKEN_URL", url+"/oauth/token")
			code, text := said(append(speaking(t)["run"], "--ca-cert", ours.file)...)
			if code != exit.Refused || !strings.Contains(text, "TLS") && !strings.Contains(text, "tls") {
				t.Errorf("exit %d: %s", code, text)
			}
		})
	}
}
