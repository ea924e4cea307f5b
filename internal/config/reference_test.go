package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var update = flag.Bool("update", false, "write the reference page anew")

const referencePage = "../../docs/reference-config.md"

// The page is made from the settings themselves: `make generate` writes it.
func TestReferencePageIsCurrent(t *testing.T) {
	want := reference(t)
	if *update {
		if err := os.WriteFile(referencePage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("docs/reference-config.md is not what the settings are: run make generate")
	}
}

// reference is the page that lists all settings by section.
func reference(t *testing.T) string {
	t.Helper()
	var c Config
	parser, err := kong.New(&c, kong.Name("tutti serve"), Environment())
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	page.WriteString(`# Settings of ` + "`tutti serve`" + `

*Made from the code by ` + "`make generate`" + `: change ` + "`internal/config`" + `, not this page.*

Nothing needs to be set. A setting has one name everywhere: as a flag, in the environment, and as a key of the YAML file that ` + "`--config`" + ` names. A flag goes before the environment, the environment before the file. A name that does not exist is an error.

` + "```yaml" + `
# tutti.yaml
listen: 0.0.0.0:443
secret: 6a1f…            # openssl rand -hex 32
public-ip: [203.0.113.5]
log-level: warn
` + "```\n")
	section := "-"
	for _, flag := range parser.Model.Flags {
		if flag.Name == "help" {
			continue
		}
		title := ""
		if flag.Group != nil {
			title = flag.Group.Title
		}
		if title != section {
			section = title
			if title != "" {
				fmt.Fprintf(&page, "\n## %s\n", title)
			}
			page.WriteString("\n| flag, key | environment | default | what it does |\n|---|---|---|---|\n")
		}
		value := flag.Default
		if value != "" {
			value = "`" + value + "`"
		}
		name := "--" + flag.Name
		if !flag.IsBool() {
			name += " " + strings.Trim(flag.FormatPlaceHolder(), `"`)
		}
		fmt.Fprintf(&page, "| `%s` | `%s` | %s | %s |\n", name, flag.Envs[0], value, flag.Help)
	}
	return page.String()
}
