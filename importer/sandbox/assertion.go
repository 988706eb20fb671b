package sandbox

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of the six algorithms
	_ "crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"time"
)

// maxAssertionLife is how far off exp may be ("Client Credentials").
const maxAssertionLife = 5 * time.Minute

// algorithms are those of JWS that fit EC and RSA keys (RFC 7518, 3.1). size is
// the length of one half of an EC signature, 0 for RSA.
var algorithms = map[string]struct {
	hash crypto.Hash
	size int
}{
	"ES256": {crypto.SHA256, 32},
	"ES384": {crypto.SHA384, 48},
	"ES512": {crypto.SHA512, 66},
	"RS256": {crypto.SHA256, 0},
	"RS384": {crypto.SHA384, 0},
	"RS512": {crypto.SHA512, 0},
}

// audience is aud: one string or several.
type audience []string

func (a *audience) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		*a = audience{""}
		return json.Unmarshal(raw, &(*a)[0])
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

// checkAssertion checks a private_key_jwt, its signature only where the key is
// known.
func (d *desk) checkAssertion(assertion, clientID, endpoint string) *oauthError {
	var header struct{ Alg, Kid string }
	var claims struct {
		Iss, Sub, Jti string
		Aud           audience
		Iat, Exp      float64
	}
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 || !decodePart(parts[0], &header) || !decodePart(parts[1], &claims) {
		return invalidClient("client_assertion is no JWT")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	algorithm, known := algorithms[header.Alg]
	now := time.Now()
	issued, expires := unix(claims.Iat), unix(claims.Exp)
	wrong := ""
	switch {
	case !known:
		wrong = "alg must be ES256, ES384, ES512, RS256, RS384 or RS512"
	case header.Kid == "":
		wrong = "the header has no kid"
	case claims.Iss == "" || claims.Iss != claims.Sub:
		wrong = "iss and sub must both be the client id"
	case clientID != "" && clientID != claims.Iss, d.opt.ClientID != "" && d.opt.ClientID != claims.Iss:
		wrong = "the client id is wrong"
	case !slices.Contains(claims.Aud, endpoint):
		wrong = "aud must be the token endpoint, " + endpoint
	case claims.Jti == "":
		wrong = "jti is missing"
	case claims.Iat == 0 || issued.After(now):
		wrong = "iat is missing or in the future"
	case claims.Exp == 0 || !expires.After(now):
		wrong = "the assertion has expired"
	case expires.After(now.Add(maxAssertionLife)):
		wrong = "exp must be at most 5 minutes on"
	case err != nil || len(signature) == 0 || algorithm.size != 0 && len(signature) != 2*algorithm.size:
		wrong = "the signature is malformed"
	case !d.verify(header.Alg, parts[0]+"."+parts[1], signature):
		wrong = "the signature does not fit the client's key"
	case !d.once(claims.Jti, expires):
		wrong = "jti was used before"
	}
	if wrong != "" {
		return invalidClient("client_assertion: " + wrong)
	}
	return nil
}

func decodePart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}

// unix takes a NumericDate (RFC 7519, 2), which may have a fraction.
func unix(seconds float64) time.Time {
	return time.UnixMicro(int64(seconds * 1e6))
}

// verify checks the signature; without a key all fit.
func (d *desk) verify(name, signed string, signature []byte) bool {
	algorithm := algorithms[name]
	hash := algorithm.hash.New()
	hash.Write([]byte(signed))
	switch key := d.opt.PublicKey.(type) {
	case nil:
		return true
	case *ecdsa.PublicKey:
		size := algorithm.size
		if size == 0 || (key.Curve.Params().BitSize+7)/8 != size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(key, hash.Sum(nil), r, s)
	case *rsa.PublicKey:
		return algorithm.size == 0 && rsa.VerifyPKCS1v15(key, algorithm.hash, hash.Sum(nil), signature) == nil
	}
	return false
}
