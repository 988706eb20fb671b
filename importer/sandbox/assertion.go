package sandbox

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxAssertionLife is how far off exp may be ("Client Credentials").
const maxAssertionLife = 5 * time.Minute

// algorithms are those of JWS that fit EC and RSA keys (RFC 7518, 3.1).
var algorithms = []string{"ES256", "ES384", "ES512", "RS256", "RS384", "RS512"}

// checkAssertion checks a private_key_jwt, its signature only where the key is
// known.
func (t *tokens) checkAssertion(assertion, clientID, endpoint string) *oauthError {
	var claims jwt.RegisteredClaims
	token, parts, err := jwt.NewParser().ParseUnverified(assertion, &claims)
	if errors.Is(err, jwt.ErrTokenMalformed) {
		return invalidClient("client_assertion is not a JWT")
	}
	now := time.Now()
	wrong := ""
	switch kid, _ := token.Header["kid"].(string); {
	case err != nil || !slices.Contains(algorithms, token.Method.Alg()):
		wrong = "alg must be " + strings.Join(algorithms, ", ")
	case kid == "":
		wrong = "the header has no kid"
	case claims.Issuer == "" || claims.Issuer != claims.Subject:
		wrong = "iss and sub must both be the client id"
	case clientID != "" && clientID != claims.Issuer, t.opt.ClientID != "" && t.opt.ClientID != claims.Issuer:
		wrong = "the client id is wrong"
	case !slices.Contains(claims.Audience, endpoint):
		wrong = "aud must be the token endpoint, " + endpoint
	case claims.ID == "":
		wrong = "jti is missing"
	case claims.IssuedAt == nil || claims.IssuedAt.After(now):
		wrong = "iat is missing or in the future"
	case claims.ExpiresAt == nil || !claims.ExpiresAt.After(now):
		wrong = "the assertion has expired"
	case claims.ExpiresAt.After(now.Add(maxAssertionLife)):
		wrong = "exp must be at most 5 minutes on"
	case !wellFormed(token):
		wrong = "the signature is malformed"
	case t.opt.PublicKey != nil && token.Method.Verify(parts[0]+"."+parts[1], token.Signature, t.opt.PublicKey) != nil:
		wrong = "the signature does not fit the client's key"
	case !t.firstUse(claims.ID):
		wrong = "jti was used before"
	}
	if wrong != "" {
		return invalidClient("client_assertion: " + wrong)
	}
	return nil
}

// wellFormed tells whether the signature has a length that it can have.
func wellFormed(token *jwt.Token) bool {
	if ec, ok := token.Method.(*jwt.SigningMethodECDSA); ok {
		return len(token.Signature) == 2*ec.KeySize
	}
	return len(token.Signature) > 0
}
