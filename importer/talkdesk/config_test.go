package talkdesk

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestNormaliseBaseURL(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"https://api.talkdeskapp.com", "https://api.talkdeskapp.com"},
		{" HTTPS://API.Talkdeskapp.com:443/ ", "https://api.talkdeskapp.com"},
		{"https://api.example:8443", "https://api.example:8443"},
		{"https://api.example:", "https://api.example"},
		{"https://api.example/Gateway//", "https://api.example/Gateway"},
		{"https://api.example/a%2Fb/", "https://api.example/a%2Fb"},
		{"http://127.0.0.1:80", "http://127.0.0.1"},
		{"http://127.9.9.9:8080/", "http://127.9.9.9:8080"},
		{"http://[::1]:8080", "http://[::1]:8080"},
		{"http://LocalHost:8080", "http://localhost:8080"},
	}
	for _, tt := range tests {
		got, err := NormaliseBaseURL(tt.raw)
		if err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.raw, got, err, tt.want)
		}
		if again, err := NormaliseBaseURL(got); again != got || err != nil {
			t.Errorf("%s: not stable: %q, %v", tt.raw, again, err)
		}
	}
}

func TestRefusedConfigurations(t *testing.T) {
	token := Credentials{Token: "abc"}
	tests := []struct {
		name string
		cfg  Config
		want string
	}{
		{"no account", Config{Credentials: token}, "--account or TALKDESK_ACCOUNT"},
		{"an address for an account", Config{Account: "acme.mytalkdesk.com", Credentials: token}, "without dots"},
		{"an account that would lead elsewhere", Config{Account: "evil.example/", Credentials: token}, "not an account's name"},
		{"region", Config{Account: "acme", Region: "asia", Credentials: token}, "us, eu or ca"},
		{"plain http", Config{Account: "acme", BaseURL: "http://api.example", Credentials: token}, "plain http to api.example"},
		{"plain http to a lookalike", Config{Account: "acme", BaseURL: "http://127.0.0.1.example", Credentials: token}, "plain http"},
		{"plain http to all interfaces", Config{Account: "acme", BaseURL: "http://0.0.0.0:80", Credentials: token}, "plain http"},
		{"plain http for the token", Config{Account: "acme", TokenURL: "http://id.example/oauth/token", Credentials: token}, "the token URL uses plain http"},
		{"another scheme", Config{Account: "acme", BaseURL: "ftp://api.example", Credentials: token}, "https://"},
		{"no scheme", Config{Account: "acme", BaseURL: "api.example", Credentials: token}, "not an address"},
		{"no host", Config{Account: "acme", BaseURL: "https://:8080", Credentials: token}, "not an address"},
		{"password", Config{Account: "acme", BaseURL: "https://me:sesame@api.example", Credentials: token}, "user name or password"},
		{"password in a broken address", Config{Account: "acme", BaseURL: "https://me:sesame@api.example:port", Credentials: token}, "not an address"},
		{"query", Config{Account: "acme", BaseURL: "https://api.example?key=sesame", Credentials: token}, "query"},
		{"fragment", Config{Account: "acme", BaseURL: "https://api.example#sesame", Credentials: token}, "fragment"},
		{"no credentials", Config{Account: "acme"}, "TALKDESK_TOKEN"},
		{"half of them", Config{Account: "acme", Credentials: Credentials{ClientID: "a", PrivateKey: "sesame"}}, "TALKDESK_KEY_ID"},
		{"a header for a token", Config{Account: "acme", Credentials: Credentials{Token: "Bearer sesame"}}, "without Bearer"},
		{"user agent", Config{Account: "acme", Credentials: token, UserAgent: "a\nb: sesame"}, "user agent"},
		{"negative time", Config{Account: "acme", Credentials: token, Timeout: -time.Second}, "negative"},
		{"negative concurrency", Config{Account: "acme", Credentials: token, Concurrency: -1}, "negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(tt.cfg)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "sesame") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestRegions(t *testing.T) {
	tests := []struct{ region, base, token string }{
		{"", "https://api.talkdeskapp.com", "https://acme.talkdeskid.com/oauth/token"},
		{"us", "https://api.talkdeskapp.com", "https://acme.talkdeskid.com/oauth/token"},
		{"EU", "https://api.talkdeskapp.eu", "https://acme.talkdeskid.eu/oauth/token"},
		{"ca", "https://api.talkdeskappca.com", "https://acme.talkdeskidca.com/oauth/token"},
	}
	for _, tt := range tests {
		base, token, err := Config{Account: "acme", Region: tt.region}.endpoints()
		if err != nil || base != tt.base || token != tt.token {
			t.Errorf("%q: %s %s %v", tt.region, base, token, err)
		}
	}
}

func TestCredentialsFromEnv(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte("the key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		env  map[string]string
		want Credentials
		err  string
	}{
		{"token", map[string]string{envToken: " abc\n"}, Credentials{Token: "abc"}, ""},
		{"secret", map[string]string{envID: "id", envSecret: "s"}, Credentials{ClientID: "id", ClientSecret: "s"}, ""},
		{"key", map[string]string{envID: "id", envKey: "k", envKeyID: "1"}, Credentials{ClientID: "id", PrivateKey: "k", KeyID: "1"}, ""},
		{"key file", map[string]string{envID: "id", envKeyFile: file, envKeyID: "1"}, Credentials{ClientID: "id", PrivateKey: "the key\n", KeyID: "1"}, ""},
		{"nothing", nil, Credentials{}, "no credentials: set TALKDESK_TOKEN, or TALKDESK_CLIENT_ID with TALKDESK_CLIENT_SECRET"},
		{"blank", map[string]string{envToken: " "}, Credentials{}, "no credentials"},
		{"id alone", map[string]string{envID: "sesame"}, Credentials{}, "only TALKDESK_CLIENT_ID is set"},
		{"key without its id", map[string]string{envID: "id", envKey: "sesame"}, Credentials{}, "TALKDESK_CLIENT_ID, TALKDESK_PRIVATE_KEY"},
		{"two ways", map[string]string{envToken: "sesame", envID: "id", envSecret: "sesame"}, Credentials{}, "TALKDESK_TOKEN, TALKDESK_CLIENT_ID, TALKDESK_CLIENT_SECRET"},
		{"two keys", map[string]string{envID: "id", envKey: "sesame", envKeyFile: file, envKeyID: "1"}, Credentials{}, "TALKDESK_PRIVATE_KEY, TALKDESK_KEY_ID, TALKDESK_PRIVATE_KEY_FILE"},
		{"no such file", map[string]string{envID: "id", envKeyFile: "/no/sesame", envKeyID: "1"}, Credentials{}, "the file that TALKDESK_PRIVATE_KEY_FILE names cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := CredentialsFromEnv(func(name string) string { return tt.env[name] })
			if got != tt.want {
				t.Error("other credentials than expected")
			}
			if (err == nil) != (tt.err == "") || err != nil && (!strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "sesame")) {
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
}

func TestCredentialsAreNeverPrinted(t *testing.T) {
	cfg := Config{Account: "acme", Credentials: Credentials{Token: "sesame", ClientSecret: "sesame", PrivateKey: "sesame"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{cfg, &cfg, cfg.Credentials, &cfg.Credentials} {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, "sesame") || strings.Contains(got, "736573616d65") {
				t.Errorf("%s of %T: %s", verb, value, got)
			}
		}
	}
}

func TestClean(t *testing.T) {
	tests := []struct{ in, want string }{
		{" two\r\n\tlines ", "two lines"},
		{"\x1b[31mred\x1b[0m\x07", "[31mred [0m"},
		{"left\u202eright\u200b\u2028x\u0085y", "left right x y"},
		{"caf\xe9", "caf�"},
		{"Grüße 你好", "Grüße 你好"},
		{"sent sesame back", "sent [hidden] back"},
		{strings.Repeat("ä", 50), strings.Repeat("ä", 39) + "…"},
		{strings.Repeat("x", 300) + "sesame", strings.Repeat("x", 39) + "…"},
		{strings.Repeat("x", 36) + "sesame", strings.Repeat("x", 36) + "[hi…"},
	}
	for _, tt := range tests {
		if got := newCensor("sesame").clean(tt.in, 40); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}
