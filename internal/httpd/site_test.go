package httpd

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

var script = strings.Repeat("console.log('tutti');\n", 100)

var build = fstest.MapFS{
	"index.html":             {Data: []byte("<!doctype html><title>tutti</title>")},
	"lab.html":               {Data: []byte("lab")},
	"assets/app-BX3f9a.js":   {Data: []byte(script)},
	"assets/font-C0ffee.ico": {Data: []byte{1, 2, 3}},
	".gitkeep":               {},
}

// ask asks a server of build without a network.
func ask(t *testing.T, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	s, err := New(newPipes(), Options{Client: build})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, req)
	return w
}

func TestRoomsAreTheClientsPages(t *testing.T) {
	for _, path := range []string{"/", "/r/tea", "/r/%E8%8C%B6", "/doctor"} {
		w := ask(t, path)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<title>tutti") {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
		if got := w.Header().Get("Cache-Control"); got != askAgain {
			t.Errorf("%s is kept: %q", path, got)
		}
	}
	if w := ask(t, "/lab"); w.Body.String() != "lab" {
		t.Errorf("/lab: %d %q", w.Code, w.Body)
	}
}

func TestNothingElseIsThere(t *testing.T) {
	for _, path := range []string{"/nothing", "/r/", "/r/a/b", "/.gitkeep", "/assets/", "/assets/../index.html/x"} {
		if w := ask(t, path); w.Code != http.StatusNotFound && w.Code != http.StatusMovedPermanently && w.Code != http.StatusTemporaryRedirect {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestAssetsAreKeptForever(t *testing.T) {
	w := ask(t, "/assets/app-BX3f9a.js")
	if got := w.Header().Get("Cache-Control"); got != keepForever {
		t.Errorf("cache %q", got)
	}
	if got := w.Header().Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("type %q", got)
	}
	if w.Body.String() != script || w.Header().Get("Content-Encoding") != "" {
		t.Error("a client that takes no gzip gets something else than the script")
	}
}

func TestAssetsAreCompressedOnce(t *testing.T) {
	w := ask(t, "/assets/app-BX3f9a.js", "Accept-Encoding", "br, gzip;q=0.8")
	if w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Vary") != "Accept-Encoding" {
		t.Fatalf("headers %v", w.Header())
	}
	r, err := gzip.NewReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != script {
		t.Errorf("unpacked %d bytes, %v", len(got), err)
	}
	if ask(t, "/assets/font-C0ffee.ico", "Accept-Encoding", "gzip").Header().Get("Content-Encoding") != "" {
		t.Error("three bytes are compressed to more")
	}
}

// What a browser has, it is not sent again; each form has a tag of its own.
func TestConditionalRequests(t *testing.T) {
	plain := ask(t, "/").Header().Get("ETag")
	if w := ask(t, "/", "If-None-Match", plain); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("the same page again: %d, %d bytes", w.Code, w.Body.Len())
	}
	const path = "/assets/app-BX3f9a.js"
	if w := ask(t, path, "If-None-Match", ask(t, path).Header().Get("ETag"), "Accept-Encoding", "gzip"); w.Code != http.StatusOK {
		t.Errorf("the tag of the plain form is taken for the compressed one: %d", w.Code)
	}
}

func TestAServerWithoutClientSaysSo(t *testing.T) {
	s, err := New(newPipes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/r/tea", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make web") {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestTakesGzip(t *testing.T) {
	for field, want := range map[string]bool{
		"": false, "br": false, "gzip": true, "br;q=1, gzip": true, "gzip;q=0": false, "gzip; q=0.000": false, "gzip;q=0.5": true, "gzipped": false,
	} {
		if got := takesGzip(field); got != want {
			t.Errorf("takesGzip(%q) = %v", field, got)
		}
	}
}
