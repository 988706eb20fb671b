package talkdesk

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// inVain says why no waiting will bring a connection about, "" if it may.
func inVain(x *exchange) string {
	if proxy, ok := errors.AsType[*proxyError](x.err); ok {
		switch {
		case proxy.status == http.StatusProxyAuthRequired:
			return fmt.Sprintf("the proxy answered %s: check HTTPS_PROXY", statusText(proxy.status))
		case proxy.status/100 == 4:
			return fmt.Sprintf("the proxy refuses to connect (%s): check HTTPS_PROXY and NO_PROXY, and ask whoever runs the proxy", statusText(proxy.status))
		}
		return ""
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](x.err); ok || errors.Is(x.err, http.ErrSchemeMismatch) {
		return "what answers there does not speak https: check the address and its port"
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
		return fmt.Sprintf("its certificate is for %s, not for this host: check the address", x.secrets.clean(strings.Join(names, ", "), maxMessage/3))
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](broken.Err); ok && invalid.Reason == x509.Expired {
		return fmt.Sprintf("its certificate is valid from %s to %s only: check this machine's clock",
			certificate.NotBefore.Format(time.DateOnly), certificate.NotAfter.Format(time.DateOnly))
	}
	return fmt.Sprintf("its certificate was issued by %q, which this machine does not trust; if that is your company's proxy, "+
		"name its certificate in SSL_CERT_FILE (Linux) or add it to the system's store (Windows, macOS)", x.secrets.clean(certificate.Issuer.String(), maxMessage/4))
}
