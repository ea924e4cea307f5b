package api

import (
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var placeholder = regexp.MustCompile(`\{\w*\}`)

// placeholders returns those of a text, each once.
func placeholders(t CauseText) []string {
	list := placeholder.FindAllString(t.Title+t.Why+t.Fix, -1)
	slices.Sort(list)
	return slices.Compact(list)
}

// commands returns what is in backticks, in order.
func commands(text string) (list []string) {
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			list = append(list, part)
		}
	}
	slices.Sort(list)
	return list
}

// A cause without a text is a word that nobody understands.
func TestEveryCauseIsExplained(t *testing.T) {
	var listed []string
	for _, info := range Causes() {
		listed = append(listed, string(info.Code))
		for language, text := range map[string]CauseText{"en": info.EN, "zh": info.ZH} {
			switch {
			case text.Title == "" || text.Why == "":
				t.Errorf("%s in %s lacks its what or why", info.Code, language)
			case text.Fix == "" && info.Severity != SeverityOK:
				t.Errorf("%s in %s does not say what to do", info.Code, language)
			}
		}
		if en, zh := placeholders(info.EN), placeholders(info.ZH); !slices.Equal(en, zh) {
			t.Errorf("%s speaks of %v in English, of %v in Chinese", info.Code, en, zh)
		}
		if en, zh := commands(info.EN.Fix), commands(info.ZH.Fix); !slices.Equal(en, zh) {
			t.Errorf("%s wants %q in English, %q in Chinese", info.Code, en, zh)
		}
		if !slices.Contains([]Severity{SeverityOK, SeverityWarn, SeverityFail}, info.Severity) {
			t.Errorf("%s has the severity %q", info.Code, info.Severity)
		}
	}
	if want := words(t)["Cause"]; !slices.Equal(listed, want) {
		t.Errorf("causes.json lists\n%v, the constants are\n%v", listed, want)
	}
}

// Where a join is refused for a token, code and cause are one word.
func TestCausesOfTokensAreTheCodes(t *testing.T) {
	codes := words(t)["Code"]
	for _, cause := range words(t)["Cause"] {
		if strings.HasPrefix(cause, "token_") && !slices.Contains(codes, cause) {
			t.Errorf("%s is no code", cause)
		}
	}
}

var update = flag.Bool("update", false, "write the page of causes anew")

const causesPage = "../docs/causes.md"

// The page is made from causes.json: `make generate` writes it.
func TestCausesPageIsCurrent(t *testing.T) {
	want := renderCauses()
	if *update {
		if err := os.WriteFile(causesPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(causesPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("docs/causes.md is not what causes.json says: run make generate")
	}
}

// renderCauses is the page, with placeholders as a person would write them.
func renderCauses() string {
	var page strings.Builder
	page.WriteString("# Causes\n\n*Made from `api/causes.json` by `make generate`: change that, not this page.*\n\n" +
		"Why calls work, work badly or don't: the words that `tutti_join_failures_total`, the log, the doctor and the call page use for one and the same thing. " +
		"They never change their meaning. What to look at besides is in [Troubleshooting](troubleshooting.md).\n")
	for _, part := range []struct {
		severity Severity
		heading  string
	}{
		{SeverityFail, "Calls don't work"},
		{SeverityWarn, "Calls work, but not as well as they could, or not for everybody"},
		{SeverityOK, "As it should be, or worth knowing"},
	} {
		page.WriteString("\n## " + part.heading + "\n\n| cause | what it says | what to do |\n|---|---|---|\n")
		for _, info := range Causes() {
			if info.Severity != part.severity {
				continue
			}
			row := "| `" + string(info.Code) + "` | " + info.EN.Title + " " + info.EN.Why + " | " + info.EN.Fix + " |\n"
			page.WriteString(placeholder.ReplaceAllStringFunc(row, func(p string) string { return strings.ToUpper(strings.Trim(p, "{}")) }))
		}
	}
	return page.String()
}

func TestAFindingSpeaksBothLanguages(t *testing.T) {
	f := CauseUDPBlocked.Find("port", 443)
	for language, want := range map[string]string{
		"en":      "UDP does not get through to port 443.",
		"":        "UDP does not get through to port 443.",
		"zh-Hans": "UDP 到不了服务器的端口 443。",
		"zh_CN":   "UDP 到不了服务器的端口 443。",
	} {
		text := f.Explain(language)
		if text.Title != want || !strings.Contains(text.Fix, "sudo ufw allow 443/udp") {
			t.Errorf("in %q it says %+v", language, text)
		}
	}
	// A value that looks like a placeholder is not filled in again.
	if text := CauseNotTutti.Find("url", "{error}", "error", "404").Explain("en"); !strings.Contains(text.Title, "{error}") {
		t.Errorf("a parameter was taken for a placeholder: %q", text.Title)
	}
	if text := (Finding{Cause: "of_a_newer_version"}).Explain("en"); text.Title != "of_a_newer_version" {
		t.Errorf("an unknown cause says %q", text.Title)
	}
}

// What a server of this version says, another can read.
func TestDoctorInfoIsJSON(t *testing.T) {
	b, err := json.Marshal(DoctorInfo{Version: "1", Findings: []Finding{CauseServerBehindNAT.Find("address", "203.0.113.5", "port", 443)}})
	if err != nil {
		t.Fatal(err)
	}
	if want := `"findings":[{"cause":"server_behind_nat","params":{"address":"203.0.113.5","port":"443"}}]`; !strings.Contains(string(b), want) {
		t.Errorf("%s lacks %s", b, want)
	}
}
