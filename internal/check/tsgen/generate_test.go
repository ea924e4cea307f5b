package main

import (
	"bytes"
	"os"
	"testing"
)

// The web client is built from the generated file, so a change of package api
// that forgets it would only show in a browser.
func TestGeneratedFileIsCurrent(t *testing.T) {
	want, err := Generate("../../../api")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../web/src/protocol/api.gen.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("web/src/protocol/api.gen.ts is not what package api says now: run make generate")
	}
}
