package auth

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Credentials of a TURN server, after the convention that browsers' applications
// use (draft-uberti-behave-turn-rest-00 §2.2): the user name says when they
// expire, and the password proves that somebody with the secret has made them.
// Nothing needs to be kept.

// ownUser starts the names of users who may reach this server's own media only,
// whatever others may.
const ownUser = "own."

// TURNCredentials returns credentials that open allocations for ttl from now on.
// user names whoever gets them, for quotas and logs.
func TURNCredentials(secret, user string, now time.Time, ttl time.Duration) (username, password string) {
	username = strconv.FormatInt(now.Add(ttl).Unix(), 10) + ":" + user
	return username, TURNPassword(secret, username)
}

// OwnTURNCredentials are those of a stranger: they reach this server's own media
// and nothing else (see TURNOwnOnly).
func OwnTURNCredentials(secret, user string, now time.Time, ttl time.Duration) (username, password string) {
	return TURNCredentials(secret, ownUser+user, now, ttl)
}

// TURNPassword returns the password that belongs to a user name.
func TURNPassword(secret, username string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// TURNExpiry returns when a user name expires; false if it does not say.
func TURNExpiry(username string) (time.Time, bool) {
	seconds, _, ok := strings.Cut(username, ":")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if !ok || err != nil || n < 0 {
		return time.Time{}, false
	}
	return time.Unix(n, 0), true
}

// TURNOwnOnly reports whether a user may reach this server's own media only.
func TURNOwnOnly(username string) bool { return strings.HasPrefix(TURNUser(username), ownUser) }

// TURNUser returns who a user name is for: what stands behind the expiry.
func TURNUser(username string) string {
	_, user, _ := strings.Cut(username, ":")
	return user
}
