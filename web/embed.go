// Package web carries the built web client inside the binary. It is not the
// client itself (that is TypeScript, in src/) and it serves nothing: httpd
// does.
//
// dist/ is made by `make web`. In a clone that has not run it, dist/ holds only
// .gitkeep, so the module compiles everywhere and Client reports that there is
// no client yet. The .gitkeep in public/ is copied into every build, which keeps
// the working tree clean.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Client returns the built web client rooted at its index.html; ok is false
// when it was not built.
func Client() (client fs.FS, ok bool) {
	client, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("BUG: the embedded folder is gone: " + err.Error())
	}
	_, err = fs.Stat(client, "index.html")
	return client, err == nil
}
