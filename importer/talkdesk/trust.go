package talkdesk

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const proxyPassword = "check HTTPS_PROXY: it must give the proxy a name and password, as http://NAME:PASSWORD@HOST:PORT"

var errProxyAddress = errors.New("the proxy's address in HTTPS_PROXY or HTTP_PROXY cannot be read: write it as http://HOST:PORT, marks in a password as %XX")

// inVain says why no waiting will bring a connection about, "" if it may.
func inVain(x *exchange) string {
	if errors.Is(x.err, errProxyAddress) {
		return errProxyAddress.Error()
	}
	if proxy, ok := errors.AsType[*proxyError](x.err); ok {
		switch {
		case proxy.status == http.StatusProxyAuthRequired || proxy.status == http.StatusUnauthorized:
			return fmt.Sprintf("the proxy answered %s: %s", statusText(proxy.status), proxyPassword)
		case proxy.status/100 == 4:
			return fmt.Sprintf("the proxy refuses to connect (%s): check HTTPS_PROXY and NO_PROXY, and ask whoever runs the proxy", statusText(proxy.status))
		}
		return ""
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](x.err); ok || errors.Is(x.err, http.ErrSchemeMismatch) {
		return "what answers there does not speak https: check the address and its port"
	}
	if op, ok := errors.AsType[*net.OpError](x.err); ok && op.Op == "remote error" && !strings.HasSuffix(op.Err.Error(), "internal error") {
		return fmt.Sprintf("what answers there refuses to speak TLS with us (%s): check the address, and whether your company's proxy asks for a certificate or is too old", clean(op.Err.Error(), maxCode))
	}
	broken, ok := errors.AsType[*tls.CertificateVerificationError](x.err)
	if !ok || len(broken.UnverifiedCertificates) == 0 {
		return ""
	}
	certificate := broken.UnverifiedCertificates[0]
	if _, ok := errors.AsType[x509.HostnameError](broken.Err); ok {
		names := append([]string{}, certificate.DNSNames...)
		for _, ip := range certificate.IPAddresses {
			names = append(names, ip.String())
		}
		return fmt.Sprintf("its certificate is for %s, not for this host: check the address", x.secrets.clean(cmp.Or(strings.Join(names, ", "), certificate.Subject.String()), maxMessage/3))
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](broken.Err); ok && invalid.Reason == x509.Expired {
		return untimely(x, certificate, invalid.Cert)
	}
	if system, err := x509.SystemCertPool(); err != nil || system.Equal(x509.NewCertPool()) {
		return "this machine trusts no certificates at all: install those of the system (ca-certificates), or give some with --ca-cert"
	}
	return fmt.Sprintf("its certificate was issued by %q, which this machine does not trust; if that is your company's proxy, "+
		"give the proxy's certificate with --ca-cert FILE, in SSL_CERT_FILE (Linux) or in the system's store (Windows, macOS)", x.secrets.clean(certificate.Issuer.String(), maxMessage/4))
}

// untimely says that a certificate, the host's own or one above it, is not valid now.
func untimely(x *exchange, own, at *x509.Certificate) string {
	whose := "its certificate"
	if !at.Equal(own) {
		whose = fmt.Sprintf("the certificate %q above its own", x.secrets.clean(at.Subject.String(), maxMessage/4))
	}
	when, now := "expired on "+at.NotAfter.Format(time.DateOnly), time.Now()
	if now.Before(at.NotBefore) {
		when = "is not valid before " + at.NotBefore.Format(time.DateOnly)
	}
	return fmt.Sprintf("%s %s, and this machine's clock says %s: set the clock if it is wrong, else whoever runs that host (or your company's proxy) must renew it",
		whose, when, now.Format(time.DateOnly))
}

// TrustToo are the certificates that this machine trusts and those in a file, as PEM or
// one as DER. Its errors name the file.
func TrustToo(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	all, err := x509.SystemCertPool()
	if err != nil {
		all = x509.NewCertPool()
	}
	if all.AppendCertsFromPEM(text) {
		return all, nil
	}
	one, err := x509.ParseCertificate(text)
	if err != nil {
		return nil, fmt.Errorf("%s holds no certificate: it must begin with -----BEGIN CERTIFICATE-----, or be one in DER form", file)
	}
	all.AddCert(one)
	return all, nil
}
