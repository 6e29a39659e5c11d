// Package markdown writes documents from the catalogue.
package markdown

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/threat"
)

// CheckPage writes the page of one check: what it asks and why, what it reads,
// how it decides, what remedies a failure, and how others number it.
func CheckPage(w io.Writer, c *check.Check, threats []threat.Threat, cases []Case) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n**%s.**\n\n", c.ID, esc(c.Title))
	fmt.Fprintf(&b, "Severity %s · zone %s · attack surface %s · STRIDE %s · judges %s\n\n", c.Severity, c.Zone, c.Surface, strings.Join(strings.Split(c.STRIDE, ""), " "), c.Subject)
	fmt.Fprintf(&b, "## Why\n\n%s\n\n", esc(c.Why))
	condition(&b, c)
	examples(&b, cases)
	fmt.Fprintf(&b, "## Fix\n\n%s\n", esc(c.Remedy))
	for i := range c.Fixes {
		f := &c.Fixes[i]
		fmt.Fprintf(&b, "\n    plimsoll harden %s\n\nwill %s. It %s.\n", c.MeasureID(f), esc(f.Title), f.Kind.Touches())
	}
	b.WriteByte('\n')
	params(&b, c)
	numbers(&b, c)
	decided(&b, c, threats)
	_, err := w.Write(b.Bytes())
	return err
}

// condition says what decides: the evidence, and when there is no verdict.
func condition(b *bytes.Buffer, c *check.Check) {
	fmt.Fprintf(b, "## Evidence and condition\n\nIt passes for a subject of which this holds: %s.\n\n", lower(c.Title))
	forms := make([]string, len(c.Forms))
	for i, f := range c.Forms {
		forms[i] = string(f)
	}
	if len(forms) > 0 {
		fmt.Fprintf(b, "Judged on: %s.\n\n", strings.Join(forms, ", "))
	}
	if len(c.Needs) > 0 {
		b.WriteString("It reads, as parts of a snapshot:\n\n")
		for _, part := range c.Needs {
			fmt.Fprintf(b, "- `%s`: %s\n", part, esc(part.Meaning()))
		}
		b.WriteString("\nA part that was denied, failed or was not collected makes it unknown with that reason; a part that is proved absent, not applicable.\n\n")
	}
	if len(c.Reads) > 0 {
		fmt.Fprintf(b, "A pass rests on these fields and is doubted when one was not understood: `%s`.\n\n", strings.Join(c.Reads, "`, `"))
	}
}

// Case is what the check says in one case, from its tests.
type Case struct{ Name, Verdict string }

func examples(b *bytes.Buffer, cases []Case) {
	if len(cases) == 0 {
		return
	}
	b.WriteString("What it says, case by case, as its tests hold it:\n\n| case | verdict |\n|---|---|\n")
	for _, c := range cases {
		fmt.Fprintf(b, "| %s | %s |\n", esc(c.Name), esc(c.Verdict))
	}
	b.WriteByte('\n')
}

func params(b *bytes.Buffer, c *check.Check) {
	if len(c.Params) == 0 {
		return
	}
	b.WriteString("## Parameters\n\n| in plimsoll.yaml | unit | default | meaning |\n|---|---|---|---|\n")
	for _, p := range c.Params {
		def := strings.Join(p.Default, ", ")
		switch {
		case p.Question:
			def = "none: unknown until declared"
		case def == "":
			def = "empty"
		}
		fmt.Fprintf(b, "| `parameters.%s.%s` | %s | %s | %s |\n", c.ID, p.Name, esc(p.Unit), esc(def), esc(p.Meaning))
	}
	b.WriteByte('\n')
}

func numbers(b *bytes.Buffer, c *check.Check) {
	if len(c.Refs) == 0 {
		return
	}
	b.WriteString("## Numbers\n\n| benchmark | edition | number | level |\n|---|---|---|---|\n")
	for _, r := range c.Refs {
		level := "not known"
		if r.Level > 0 {
			level = fmt.Sprint(r.Level)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", r.Source, r.Edition, r.ID, level)
	}
	b.WriteByte('\n')
}

func decided(b *bytes.Buffer, c *check.Check, threats []threat.Threat) {
	holds := func(clauses []threat.Clause) bool {
		return slices.ContainsFunc(clauses, func(cl threat.Clause) bool { return slices.Contains(cl, c.ID) })
	}
	var lines []string
	for i := range threats {
		t := &threats[i]
		switch {
		case holds(t.Required):
			lines = append(lines, fmt.Sprintf("- %s %s: decides it", t.ID, esc(t.Title)))
		case holds(t.Supporting):
			lines = append(lines, fmt.Sprintf("- %s %s: moves its likelihood", t.ID, esc(t.Title)))
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(b, "## Threats\n\n%s\n", strings.Join(lines, "\n"))
	}
}

// CheckIndex writes the list of all pages.
func CheckIndex(w io.Writer, suite []*check.Check) error {
	var b bytes.Buffer
	b.WriteString("# Checks\n\nOne page for each check, written by `make golden` from the code.\n\n| check | it passes when | judges | severity |\n|---|---|---|---|\n")
	for _, c := range suite {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %s |\n", c.ID, c.ID, esc(c.Title), c.Subject, c.Severity)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// lower writes the first letter small unless the word is an abbreviation.
func lower(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' || strings.HasPrefix(s, "A ") {
		s = strings.ToLower(s[:1]) + s[1:]
	}
	return esc(s)
}

var markup = strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*", "_", "\\_")

// esc keeps plain text plain in Markdown.
func esc(s string) string { return markup.Replace(s) }
