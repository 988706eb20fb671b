package talkdesk

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Credentials prove who we are: a token; or a client id with a secret; or a
// client id with a private key (its text) and the key's id.
type Credentials struct {
	Token        string
	ClientID     string
	ClientSecret string
	PrivateKey   string // PEM (PKCS#8, SEC 1, PKCS#1) or the bare base64 of a PKCS#8 key
	KeyID        string
}

// Format prints no secret, whichever verb is used.
func (c Credentials) Format(f fmt.State, _ rune) {
	io.WriteString(f, "credentials (not shown)")
}

// The environment variables that hold credentials.
const (
	envToken   = "TALKDESK_TOKEN"
	envID      = "TALKDESK_CLIENT_ID"
	envSecret  = "TALKDESK_CLIENT_SECRET"
	envKey     = "TALKDESK_PRIVATE_KEY"
	envKeyFile = "TALKDESK_PRIVATE_KEY_FILE"
	envKeyID   = "TALKDESK_KEY_ID"
)

const howToAuthenticate = "set " + envToken + ", or " + envID + " with " + envSecret +
	", or " + envID + " with " + envKeyID + " and " + envKey + " or " + envKeyFile

// CredentialsFromEnv reads the credentials from the environment (get is
// os.Getenv) and, where a variable names it, the key file. Its errors name
// variables, never what they hold.
func CredentialsFromEnv(get func(string) string) (Credentials, error) {
	var set []string
	env := func(name string) string {
		value := strings.TrimSpace(get(name))
		if value != "" {
			set = append(set, name)
		}
		return value
	}
	c := Credentials{
		Token:        env(envToken),
		ClientID:     env(envID),
		ClientSecret: env(envSecret),
		PrivateKey:   env(envKey),
		KeyID:        env(envKeyID),
	}
	keyFile := env(envKeyFile)

	switch given := strings.Join(set, " "); given {
	case envToken,
		envID + " " + envSecret,
		envID + " " + envKey + " " + envKeyID:
		return c, nil
	case envID + " " + envKeyID + " " + envKeyFile:
		text, err := os.ReadFile(keyFile)
		if err != nil {
			// A *PathError would show the variable's content, which may be
			// the key itself, put into the wrong variable.
			if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
				err = pathErr.Err
			}
			return Credentials{}, fmt.Errorf("the file that %s names cannot be read: %w", envKeyFile, err)
		}
		c.PrivateKey = string(text)
		return c, nil
	case "":
		return Credentials{}, errors.New("no credentials: " + howToAuthenticate)
	default:
		return Credentials{}, fmt.Errorf("incomplete or conflicting credentials: only %s is set; %s, and unset the others",
			strings.Join(set, ", "), howToAuthenticate)
	}
}

// signer signs client assertions ("Client Credentials", private_key_jwt).
type signer struct {
	method jwt.SigningMethod
	key    crypto.PrivateKey
}

// parseKey reads a private key. Its errors show nothing of the key.
func parseKey(text string) (signer, error) {
	der, err := keyBytes(text)
	if err != nil {
		return signer{}, err
	}
	var key any
	if key, err = x509.ParsePKCS8PrivateKey(der); err != nil {
		if key, err = x509.ParseECPrivateKey(der); err != nil {
			if key, err = x509.ParsePKCS1PrivateKey(der); err != nil {
				return signer{}, errors.New("the private key cannot be read: it must be PEM (PKCS#8, SEC 1 or PKCS#1) or the bare base64 of a PKCS#8 key")
			}
		}
	}
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		switch key.Curve {
		case elliptic.P256():
			return signer{jwt.SigningMethodES256, key}, nil
		case elliptic.P384():
			return signer{jwt.SigningMethodES384, key}, nil
		case elliptic.P521():
			return signer{jwt.SigningMethodES512, key}, nil
		}
	case *rsa.PrivateKey:
		return signer{jwt.SigningMethodRS256, key}, nil
	}
	return signer{}, errors.New("unsupported private key: it must be EC (P-256, P-384, P-521) or RSA")
}

// keyBytes takes the armour off a key.
func keyBytes(text string) ([]byte, error) {
	if !strings.Contains(text, "-----BEGIN") {
		der, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.Join(strings.Fields(text), ""), "="))
		if err != nil {
			return nil, errors.New("the private key is neither PEM nor base64")
		}
		return der, nil
	}
	// Environment files often carry the line breaks of a PEM as \n.
	rest := []byte(strings.ReplaceAll(text, `\n`, "\n"))
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errors.New("the PEM text has no private key, or was cut short")
		}
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return nil, errors.New("the private key is protected by a passphrase: remove it first (openssl pkey -in key.pem -out plain.pem)")
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return block.Bytes, nil
		}
	}
}
