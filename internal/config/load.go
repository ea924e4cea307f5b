package config

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// envPrefix starts the name of every setting in the environment.
const envPrefix = "TUTTI"

// injected are variables that Kubernetes sets for a service named "tutti":
// nobody typed them, so they are no mistakes.
var injected = regexp.MustCompile(`^TUTTI_(SERVICE_(HOST|PORT)|PORT)(_|$)`)

// Environment is the kong option that gives each flag its variable: TUTTI_ and
// the flag's name in capitals.
func Environment() kong.Option { return kong.DefaultEnvars(envPrefix) }

// BeforeResolve adds the file, when there is one, to where kong looks for
// values, and reports variables and keys that name no setting.
func (c *Config) BeforeResolve(ctx *kong.Context) error {
	flags := make(map[string]*kong.Flag)
	for _, flag := range ctx.Flags() {
		flags[flag.Name] = flag
	}
	if err := checkEnvironment(ctx.Model.Node, os.Environ()); err != nil {
		return err
	}
	path, _ := ctx.FlagValue(flags["config"]).(string)
	if path == "" {
		return nil
	}
	values, err := readFile(path, func(key string) error {
		if _, ok := flags[key]; ok && key != "config" && key != "help" {
			return nil
		}
		return unknown("setting", key, names(flags))
	})
	if err != nil {
		return err
	}
	ctx.AddResolver(file(values))
	return nil
}

// file resolves flags from a file's values.
type file map[string]any

// Validate implements kong.Resolver; the keys were checked when they were read.
func (file) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver. A variable that is set goes before the file.
func (f file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	return f[flag.Name], nil
}

// checkEnvironment refuses a variable that starts as ours do and is none of any
// command's.
func checkEnvironment(root *kong.Node, environ []string) error {
	var known []string
	err := kong.Visit(root, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known = append(known, flag.Envs...)
		}
		return next(nil)
	})
	if err != nil {
		return err
	}
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix+"_") && !injected.MatchString(name) && !slices.Contains(known, name) {
			return fmt.Errorf("in the environment: %w", unknown("variable", name, known))
		}
	}
	return nil
}

func names(flags map[string]*kong.Flag) []string {
	var list []string
	for name := range flags {
		if name != "config" && name != "help" {
			list = append(list, name)
		}
	}
	return list
}

// unknown says that there is no such name, and which one may have been meant.
func unknown(what, name string, known []string) error {
	slices.Sort(known)
	nearest, least := "", 1+len(name)/3
	for _, k := range known {
		if d := distance(name, k); d <= least && (nearest == "" || d < least) {
			nearest, least = k, d
		}
	}
	if nearest == "" {
		return fmt.Errorf("there is no %s %q; `tutti serve --help` lists them all", what, name)
	}
	return fmt.Errorf("there is no %s %q, did you mean %q?", what, name, nearest)
}

// distance is the least number of letters to insert, delete or replace to make
// b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
