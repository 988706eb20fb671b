package talkdesk

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Config says which API to speak with, as whom, and how.
type Config struct {
	Region      string // us, eu or ca; "" is us
	Account     string // whose cases these are: the first label of the account's address
	BaseURL     string // in place of the region's; a path prefix is kept
	TokenURL    string // in place of the account's
	Credentials Credentials
	Timeout     time.Duration // of one request, its answer included; 0 is 60 s
	Concurrency int           // requests at the same time, for which connections are kept; 0 is 8
	UserAgent   string        // "" is caseimport
	// Trusted are the certificates whose hosts are trusted; nil for those of the
	// system. See TrustToo.
	Trusted *x509.CertPool
}

// The bases of each region ("Client Credentials", "Create a New Case"); the
// account goes in front of the identity domain.
var regions = map[string]struct{ api, identity string }{
	"us": {"https://api.talkdeskapp.com", "talkdeskid.com"},
	"eu": {"https://api.talkdeskapp.eu", "talkdeskid.eu"},
	"ca": {"https://api.talkdeskappca.com", "talkdeskidca.com"},
}

var accountName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$`)

// endpoints checks the account and the addresses, and returns the normalised
// base of the API and the token endpoint.
func (c Config) endpoints() (base, token string, err error) {
	region, ok := regions[cmp.Or(strings.ToLower(c.Region), "us")]
	if !ok {
		return "", "", fmt.Errorf("region %q is not known: use us, eu or ca (--region, TALKDESK_REGION)", c.Region)
	}
	if c.Account == "" {
		return "", "", errors.New("the account is missing: set --account or TALKDESK_ACCOUNT to the first part of the address at which you log in ({account}.mytalkdesk.com)")
	}
	if !accountName.MatchString(c.Account) {
		return "", "", fmt.Errorf("account %q is not an account's name: give only the first part of the address at which you log in, without dots (--account, TALKDESK_ACCOUNT)", c.Account)
	}
	base, err = NormaliseBaseURL(cmp.Or(c.BaseURL, region.api))
	if err != nil {
		return "", "", err
	}
	token = cmp.Or(strings.TrimSpace(c.TokenURL), "https://"+c.Account+"."+region.identity+"/oauth/token")
	if _, err := parseURL("token URL", token); err != nil {
		return "", "", err
	}
	return base, token, nil
}

// NormaliseBaseURL brings the ways to write one address of the API into one
// form: scheme and host in lower case, no default port, no slash at the end.
// It refuses what is no https address; plain http is for loopback only.
func NormaliseBaseURL(raw string) (string, error) {
	u, err := parseURL("base URL", raw)
	if err != nil {
		return "", err
	}
	if u.RawQuery != "" || u.ForceQuery {
		return "", errors.New("the base URL must not have a query: leave out the question mark and what follows it")
	}
	u.Host = strings.ToLower(u.Host)
	if port := u.Port(); port == "" || port == defaultPort[u.Scheme] {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u.String(), nil
}

var defaultPort = map[string]string{"https": "443", "http": "80"}

// parseURL accepts https, and http to loopback. Its errors never show the
// address: somebody may have put a password into it.
func parseURL(what, raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, fmt.Errorf("the %s is not an address: write it like https://host.example", what)
	case u.User != nil:
		return nil, fmt.Errorf("the %s must not hold a user name or password", what)
	case u.Fragment != "":
		return nil, fmt.Errorf("the %s must not have a fragment: leave out the # and what follows it", what)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("the %s uses plain http to %s, where anybody on the way could read the cases and the token: use https (http is for 127.0.0.1, ::1 and localhost only)", what, clean(u.Hostname(), maxCode))
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the %s must begin with https://", what)
	}
	return u, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}
