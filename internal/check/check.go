// Package check holds the house's rules about its own code: who may import
// whom, what may start a goroutine, how long a file may grow, where a link in
// the docs leads. They are findings over parsed source, run by this package's
// test over the whole module and, in small, over samples that break them.
//
// It is test-only: nothing that ships imports it, and it starts no goroutine.
package check

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"
)

// Rule is one thing the code is held to.
type Rule struct {
	// Name is short and stable: exceptions refer to it.
	Name string
	// Reason tells the person who broke the rule what it is for.
	Reason string
	// Find returns what breaks the rule in m.
	Find func(m *Module) []Finding
}

// Finding is one place that breaks a rule.
type Finding struct {
	// Pos is where, with a path relative to the module's root.
	Pos token.Position
	// Subject names the thing itself, without a line number, so that an
	// exception survives edits: "internal/sfu/shard.go", "internal/sfu.Shard.run".
	Subject string
	// What says what is wrong.
	What string
}

// String returns "file:line: what".
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s", f.Pos.Filename, f.Pos.Line, f.What)
}

// Rules returns all of them, the most telling first.
func Rules() []Rule {
	return slices.Concat(
		importRules(),
		dependencyRules(),
		sansIORules(),
		concurrencyRules(),
		stateRules(),
		sizeRules(),
		docRules(),
		nameRules(),
		textRules(),
		pageRules(),
	)
}

// sorted orders findings by place.
func sorted(found []Finding) []Finding {
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Pos.Filename, b.Pos.Filename), cmp.Compare(a.Pos.Line, b.Pos.Line))
	})
	return found
}
