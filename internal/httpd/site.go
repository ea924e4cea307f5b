package httpd

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How long browsers may keep what they got. The names of built assets change
// with their content; everything else is asked for again each time, which costs
// one 304.
const (
	keepForever = "public, max-age=31536000, immutable"
	askAgain    = "no-cache"
)

// notBuilt is the page of a server without a web client.
const notBuilt = "This server was built without its web client. Run `make run`, or `make web` and build again."

// mediaTypes of what a build contains; the machine's own tables differ.
var mediaTypes = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".webmanifest": "application/manifest+json",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".jpg":         "image/jpeg",
	".webp":        "image/webp",
	".ico":         "image/x-icon",
	".woff2":       "font/woff2",
	".wasm":        "application/wasm",
	".mp3":         "audio/mpeg",
	".ogg":         "audio/ogg",
	".txt":         "text/plain; charset=utf-8",
}

// packed are the kinds of file that are compressed already.
var packed = []string{".png", ".jpg", ".webp", ".woff2", ".mp3", ".ogg"}

// asset is one file of the web client in memory, with its compressed form when
// that is smaller.
type asset struct {
	contentType, cache string
	plain, gzip        body
}

// body is one form of an asset.
type body struct {
	data []byte
	etag string
}

func newBody(data []byte) body {
	sum := sha256.Sum256(data)
	return body{data, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

// site is the web client in memory, by path. It is constant once made.
type site struct{ assets map[string]*asset }

// newSite reads all files of client, which may be nil.
func newSite(client fs.FS) (*site, error) {
	s := &site{assets: make(map[string]*asset)}
	if client == nil {
		return s, nil
	}
	err := fs.WalkDir(client, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		data, err := fs.ReadFile(client, name)
		if err != nil {
			return err
		}
		s.assets[name], err = newAsset(name, data)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the web client can't be read: %w", err)
	}
	return s, nil
}

func newAsset(name string, data []byte) (*asset, error) {
	ext := path.Ext(name)
	a := &asset{contentType: mediaTypes[ext], cache: askAgain, plain: newBody(data)}
	if a.contentType == "" {
		a.contentType = "application/octet-stream"
	}
	if strings.HasPrefix(name, "assets/") {
		a.cache = keepForever
	}
	if slices.Contains(packed, ext) {
		return a, nil
	}
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if buf.Len() < len(data) {
		a.gzip = newBody(buf.Bytes())
	}
	return a, nil
}

// ServeHTTP serves a file by its path, or the page of that name: /lab is
// lab.html.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		plain(w, http.StatusMethodNotAllowed, "Files can only be read.")
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	for _, name := range []string{name, name + ".html"} {
		if a := s.assets[name]; a != nil {
			a.ServeHTTP(w, r)
			return
		}
	}
	plain(w, http.StatusNotFound, "There is nothing here.")
}

// page serves one file, whatever the path.
func (s *site) page(name string) http.Handler {
	if a := s.assets[name]; a != nil {
		return a
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusServiceUnavailable, notBuilt)
	})
}

// ServeHTTP answers with the form that the client takes. http.ServeContent does
// conditions and ranges.
func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", a.cache)
	b := a.plain
	if a.gzip.data != nil {
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			b = a.gzip
		}
	}
	h.Set("ETag", b.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.data))
}

// takesGzip reads an Accept-Encoding field (RFC 9110 §12.5.3).
func takesGzip(field string) bool {
	for coding := range strings.SplitSeq(field, ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.TrimSpace(name) == "gzip" {
			q, weighed := strings.CutPrefix(strings.TrimSpace(weight), "q=")
			value, err := strconv.ParseFloat(q, 64)
			return !weighed || err == nil && value > 0
		}
	}
	return false
}
