package main

import (
	"runtime/debug"
)

type versionCommand struct{}

// Run prints the version.
func (*versionCommand) Run(t *terminal) error {
	t.printf("tutti %s\n", version())
	return nil
}

// version is that of the module as it was built: a tag, or the commit, or
// "(devel)" where the build knows neither.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	return info.Main.Version
}
