package auth

import (
	"testing"
	"time"
)

func TestTURNCredentials(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	name, password := TURNCredentials("north", "192.0.2.7", now, time.Hour)
	if name != "1800003600:192.0.2.7" {
		t.Errorf("the name is %q", name)
	}
	// What coturn's use-auth-secret and every other server of the convention
	// computes: base64(HMAC-SHA1(secret, name)).
	if want := "zyLugfW9g3/kuQM6WkwjT04VBIU="; password != want {
		t.Errorf("the password is %q, want %q", password, want)
	}
	if TURNPassword("south", name) == password {
		t.Error("another secret gives the same password")
	}
	if at, ok := TURNExpiry(name); !ok || !at.Equal(now.Add(time.Hour)) {
		t.Errorf("it expires at %v, %v", at, ok)
	}
	if TURNUser("1800003600:2001:db8::7") != "2001:db8::7" {
		t.Error("a user's name may have colons")
	}
	for _, bad := range []string{"", "anna", "x:anna", "-5:anna", "99999999999999999999:anna"} {
		if at, ok := TURNExpiry(bad); ok {
			t.Errorf("%q expires at %v", bad, at)
		}
	}
}

func TestStrangersReachTheServerOnly(t *testing.T) {
	own, _ := OwnTURNCredentials("north", "192.0.2.7", time.Now(), time.Hour)
	all, _ := TURNCredentials("north", "192.0.2.7", time.Now(), time.Hour)
	if !TURNOwnOnly(own) || TURNOwnOnly(all) {
		t.Errorf("own only: %q %v, %q %v", own, TURNOwnOnly(own), all, TURNOwnOnly(all))
	}
}
