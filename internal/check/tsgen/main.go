// Command tsgen writes the TypeScript types of package api: an interface for
// each struct, a union of string literals for each type of named strings, and
// the maps from a message's type name to its body and to its reply. It reads
// Go source and writes one file; it is run by go generate.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	dir := flag.String("dir", ".", "the folder of package api")
	out := flag.String("o", "", "the TypeScript file to write")
	flag.Parse()
	code, err := Generate(*dir)
	if err == nil {
		err = os.WriteFile(*out, code, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tsgen:", err)
		os.Exit(1)
	}
}
