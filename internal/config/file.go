package config

import (
	"fmt"
	"os"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// readFile returns the settings of a YAML file: one mapping from names to
// scalars or lists of scalars. check judges each name.
func readFile(path string, check func(key string) error) (map[string]any, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration can't be read: %w", err)
	}
	values, err := parseFile(data, check)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return values, nil
}

// parseFile does the work of readFile; its errors start with the line.
func parseFile(data []byte, check func(key string) error) (map[string]any, error) {
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, fmt.Errorf(" %w", err)
	}
	values := make(map[string]any)
	for i, doc := range tree.Docs {
		if doc.Body == nil {
			continue
		}
		settings, ok := doc.Body.(ast.MapNode)
		if !ok || i > 0 {
			return nil, fmt.Errorf("%d: want one list of settings, each as name: value", line(doc.Body))
		}
		for entry := settings.MapRange(); entry.Next(); {
			key := entry.Key().String()
			if err := check(key); err != nil {
				return nil, fmt.Errorf("%d: %w", line(entry.Key()), err)
			}
			value, err := plain(entry.Value())
			if err != nil {
				return nil, fmt.Errorf("%d: %s: %w", line(entry.Key()), key, err)
			}
			values[key] = value
		}
	}
	return values, nil
}

// plain is a scalar's text, or a list of such: flags are text, too, and kong
// reads both the same way.
func plain(node ast.Node) (any, error) {
	switch node := node.(type) {
	case *ast.NullNode:
		return nil, nil
	case *ast.SequenceNode:
		list := make([]any, 0, len(node.Values))
		for _, item := range node.Values {
			value, err := plain(item)
			if err != nil {
				return nil, err
			}
			if _, nested := value.([]any); nested || value == nil {
				return nil, fmt.Errorf("a list holds single values")
			}
			list = append(list, value)
		}
		return list, nil
	case *ast.StringNode:
		return node.Value, nil
	case *ast.LiteralNode:
		return node.Value.Value, nil
	case ast.ScalarNode:
		return node.GetToken().Value, nil
	}
	return nil, fmt.Errorf("want a single value or a list of them; settings are not nested")
}

func line(node ast.Node) int { return node.GetToken().Position.Line }
