package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client/probe"
	"github.com/tutti-rtc/tutti/internal/config"
)

// doctorCommand looks at a running server, or at this machine and its settings.
type doctorCommand struct {
	URL      string `arg:"" optional:"" placeholder:"URL" help:"The server's address, such as https://call.example.org. Without it the doctor looks at this machine with the settings of serve, and serves by itself for the time of the test."`
	Lang     string `default:"auto" enum:"auto,en,zh" help:"Language: auto (that of the terminal), en or zh."`
	JSON     bool   `help:"Print the report as JSON, for programs."`
	Token    string `placeholder:"TOKEN" help:"Access token to try, where the server wants one."`
	Insecure bool   `help:"Take any certificate and say nothing of it."`

	Patience time.Duration `default:"8s" help:"How long one thing that is tried may take."`

	config.Config
}

// errIll says by the exit code what the report has said in words.
var errIll = errors.New("calls don't work: see above for what to do")

// Run prints what was found. Its error says that calls don't work.
func (c *doctorCommand) Run(ctx context.Context, t *terminal) error {
	examine := c.examineOwn
	if c.URL != "" {
		examine = c.examine
	}
	report, err := examine(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(t, report, c.language())
	} else {
		printReport(t, report, c.language())
	}
	if err == nil && !report.Works {
		err = errIll
	}
	return err
}

// examine looks at a running server.
func (c *doctorCommand) examine(ctx context.Context) (*probe.Report, error) {
	return probe.Run(ctx, probe.Options{URL: c.URL, Token: c.Token, Insecure: c.Insecure, Patience: c.Patience})
}

// language is that of the texts.
func (c *doctorCommand) language() string {
	if c.Lang != "auto" {
		return c.Lang
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			if strings.HasPrefix(value, "zh") {
				return "zh"
			}
			break
		}
	}
	return "en"
}

// explained is a finding with its words.
type explained struct {
	api.Finding
	Severity api.Severity `json:"severity"`
	api.CauseText
}

// printJSON prints the report with the words of its findings.
func printJSON(t *terminal, r *probe.Report, language string) error {
	all := struct {
		*probe.Report
		Findings []explained `json:"findings"` // in the place of the report's
	}{r, []explained{}}
	for _, f := range r.Findings {
		all.Findings = append(all.Findings, explained{f, f.Severity(), f.Explain(language)})
	}
	e := json.NewEncoder(t.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(all)
}
