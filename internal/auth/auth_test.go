package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tutti-rtc/tutti/api"
)

const secret = "a secret of thirty-two characters"

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func mint(t *testing.T, g Grant, ttl time.Duration) string {
	t.Helper()
	token, err := Mint(secret, g, noon, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// sign makes a token as a stranger's tool would, from raw claims.
func sign(t *testing.T, method jwt.SigningMethod, key any, c jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, c).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func wantCode(t *testing.T, err error, want api.Code) {
	t.Helper()
	var refused *api.Error
	if !errors.As(err, &refused) {
		t.Fatalf("error %v, want an *api.Error with %s", err, want)
	}
	if refused.Code != want || refused.Text == "" {
		t.Errorf("refused with %q, want %s and a text", refused, want)
	}
}

func TestWhatIsMintedIsVerified(t *testing.T) {
	for _, g := range []Grant{
		{Identity: "wei", Name: "Wei", Room: "tea", Join: true, Publish: true, Subscribe: true, PublishData: true},
		{Identity: "ann", Join: true, Subscribe: true},
		{Identity: "host", Metadata: `{"desk":4}`, Join: true, Admin: true, Publish: true, Origins: []api.Origin{api.OriginCamera, api.OriginScreenAudio}},
	} {
		got, err := Verify(secret, mint(t, g, time.Hour), noon)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, g) {
			t.Errorf("verified %+v, minted %+v", got, g)
		}
	}
}

// A token that a LiveKit tool made: permissions left out are granted, sources
// have its names.
func TestTokensOfOtherTools(t *testing.T) {
	g, err := Verify(secret, sign(t, jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{
		"iss": "key", "sub": "wei", "name": "Wei", "exp": noon.Add(time.Hour).Unix(),
		"video": map[string]any{"room": "tea", "roomJoin": true, "canPublishSources": []string{"screen_share", "hologram"}},
	}), noon)
	if err != nil {
		t.Fatal(err)
	}
	want := Grant{Identity: "wei", Name: "Wei", Room: "tea", Join: true, Publish: true, Subscribe: true, PublishData: true, Origins: []api.Origin{api.OriginScreen, "hologram"}}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("granted %+v, want %+v", g, want)
	}
}

func TestDataFollowsPublishUnlessItIsNamed(t *testing.T) {
	g, err := Verify(secret, sign(t, jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{
		"sub": "wei", "exp": noon.Add(time.Hour).Unix(),
		"video": map[string]any{"roomJoin": true, "canPublish": false},
	}), noon)
	if err != nil {
		t.Fatal(err)
	}
	if g.Publish || g.PublishData || !g.Subscribe {
		t.Errorf("granted %+v, want a listener", g)
	}
}

func TestTokensHaveTheirTime(t *testing.T) {
	token := mint(t, Grant{Identity: "wei", Join: true}, time.Hour)
	for _, test := range []struct {
		name string
		now  time.Time
		want api.Code
	}{
		{"clocks differ a little", noon.Add(-leeway / 2), ""},
		{"too early", noon.Add(-time.Minute), api.CodeTokenExpired},
		{"just in time", noon.Add(time.Hour), ""},
		{"too late", noon.Add(time.Hour + time.Minute), api.CodeTokenExpired},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Verify(secret, token, test.now)
			if test.want == "" && err != nil {
				t.Fatal(err)
			}
			if test.want != "" {
				wantCode(t, err, test.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	good := mint(t, Grant{Identity: "wei", Join: true}, time.Hour)
	parts := strings.Split(good, ".")
	exp := noon.Add(time.Hour).Unix()
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	other, err := Mint("another secret, just as long......", Grant{Identity: "wei", Join: true}, noon, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, token string
		want        api.Code
	}{
		{"none", "", api.CodeTokenMissing},
		{"noise", "noise", api.CodeTokenInvalid},
		{"half of one", good[:len(good)/2], api.CodeTokenInvalid},
		{"another secret", other, api.CodeTokenInvalid},
		{"other claims under the same signature", parts[0] + "." + encode(`{"sub":"eve","exp":9999999999,"video":{"roomJoin":true,"roomAdmin":true}}`) + "." + parts[2], api.CodeTokenInvalid},
		{"no signature", parts[0] + "." + parts[1] + ".", api.CodeTokenInvalid},
		{"one that never ends", sign(t, jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"sub": "wei"}), api.CodeTokenInvalid},
		{"nobody's", sign(t, jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"exp": exp, "video": map[string]any{"roomJoin": true}}), api.CodeTokenInvalid},
		{"an endless one", good + strings.Repeat("A", maxToken), api.CodeTokenInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Verify(secret, test.token, noon)
			wantCode(t, err, test.want)
		})
	}
}

// The header of a token is a stranger's wish: it must not choose how the token
// is checked.
func TestTheTokenDoesNotChooseItsAlgorithm(t *testing.T) {
	claims := jwt.MapClaims{"sub": "eve", "exp": noon.Add(time.Hour).Unix(), "video": map[string]any{"roomJoin": true}}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)})
	for name, token := range map[string]string{
		"none":                    sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims),
		"HS512 with our secret":   sign(t, jwt.SigningMethodHS512, []byte(secret), claims),
		"HS384 with our secret":   sign(t, jwt.SigningMethodHS384, []byte(secret), claims),
		"RS256":                   sign(t, jwt.SigningMethodRS256, key, claims),
		"HS256 with a public key": sign(t, jwt.SigningMethodHS256, public, claims),
		"HS256 with an empty key": sign(t, jwt.SigningMethodHS256, []byte{}, claims),
		"a header in other letters": func() string {
			parts := strings.Split(sign(t, jwt.SigningMethodHS256, []byte(secret), claims), ".")
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"hs256"}`)) + "." + parts[1] + "." + parts[2]
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Verify(secret, token, noon)
			wantCode(t, err, api.CodeTokenInvalid)
		})
	}
}

// A server without a secret verifies nothing by mistake.
func TestNoSecretVerifiesNothing(t *testing.T) {
	claims := jwt.MapClaims{"sub": "eve", "exp": noon.Add(time.Hour).Unix()}
	_, err := Verify("", sign(t, jwt.SigningMethodHS256, []byte{}, claims), noon)
	wantCode(t, err, api.CodeTokenInvalid)
}

func TestAdmission(t *testing.T) {
	if err := (Grant{Room: "tea", Join: true}).Admit("tea"); err != nil {
		t.Error(err)
	}
	if err := (Grant{Join: true}).Admit("any"); err != nil {
		t.Error(err)
	}
	wantCode(t, Grant{Room: "tea", Join: true}.Admit("coffee"), api.CodeTokenRoom)
	wantCode(t, Grant{Room: "tea"}.Admit("tea"), api.CodeForbidden)
}

func TestWhatCannotBeMinted(t *testing.T) {
	for name, mint := range map[string]func() (string, error){
		"without a secret": func() (string, error) { return Mint("", Grant{}, noon, time.Hour) },
		"for no time":      func() (string, error) { return Mint(secret, Grant{}, noon, 0) },
		"for nobody":       func() (string, error) { return Mint(secret, Grant{Join: true}, noon, time.Hour) },
	} {
		if _, err := mint(); err == nil {
			t.Errorf("a token %s is minted", name)
		}
	}
}

func FuzzVerify(f *testing.F) {
	token, err := Mint(secret, Grant{Identity: "wei", Join: true}, noon, time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		g, err := Verify(secret, token, noon)
		if err != nil && !reflect.DeepEqual(g, Grant{}) {
			t.Errorf("a refused token grants %+v", g)
		}
	})
}
