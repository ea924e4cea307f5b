package auth

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tutti-rtc/tutti/api"
)

// leeway is how far the clocks of who minted a token and of this server may
// differ.
const leeway = 10 * time.Second

// maxToken is the length of the longest token that is looked at, in bytes.
const maxToken = 8 << 10

// body is a token's payload.
type body struct {
	jwt.RegisteredClaims
	claims
}

// Mint returns a token that lets its bearer do what g says, from now on and for
// ttl, which must be positive.
func Mint(secret string, g Grant, now time.Time, ttl time.Duration) (string, error) {
	switch {
	case secret == "":
		return "", errors.New("a token needs a secret to be signed with")
	case ttl <= 0:
		return "", fmt.Errorf("a token that is valid for %v is of no use", ttl)
	case g.Join && g.Identity == "":
		return "", errors.New("a token that lets somebody join needs an identity")
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, body{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject:   g.Identity,
			NotBefore: jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
		},
		claims: g.claims(),
	}).SignedString([]byte(secret))
}

// Verify returns what a token allows at the time now. Its errors are *api.Error
// with the codes CodeTokenMissing, CodeTokenInvalid and CodeTokenExpired.
//
// Only HS256 is taken, whatever the token's header asks for (RFC 8725 §3.1), and
// only tokens that end.
func Verify(secret, token string, now time.Time) (Grant, error) {
	switch {
	case token == "":
		return Grant{}, api.Errorf(api.CodeTokenMissing, "this server wants an access token: open the link that you were sent, or ask whoever runs the server for one")
	case secret == "" || len(token) > maxToken:
		return Grant{}, api.Errorf(api.CodeTokenInvalid, "your access token can't be checked: ask for a new one")
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithTimeFunc(func() time.Time { return now }),
		jwt.WithLeeway(leeway),
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(),
	)
	var b body
	_, err := parser.ParseWithClaims(token, &b, func(*jwt.Token) (any, error) { return []byte(secret), nil })
	if err != nil {
		return Grant{}, refusal(err)
	}
	if b.Video.RoomJoin && b.Subject == "" {
		return Grant{}, api.Errorf(api.CodeTokenInvalid, "your access token names nobody (sub): ask for a new one")
	}
	return b.grant(b.Subject), nil
}

// refusal puts the library's error into the protocol's words.
func refusal(err error) *api.Error {
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return api.Errorf(api.CodeTokenExpired, "your access token has expired: ask for a new link")
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return api.Errorf(api.CodeTokenExpired, "your access token is not valid yet: come back later, or check the clock of the machine that made it")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return api.Errorf(api.CodeTokenInvalid, "your access token was signed with another secret or algorithm than this server's: ask for a new one")
	}
	return api.Errorf(api.CodeTokenInvalid, "your access token is damaged: open the whole link, or ask for a new one")
}
