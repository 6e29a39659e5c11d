package cli

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plimsoll/internal/check"
	"plimsoll/internal/report"
	"plimsoll/internal/report/text"
	"plimsoll/internal/snapshot"
)

func (a *app) benchCommand() *cobra.Command {
	bench := &cobra.Command{
		Use:   "bench",
		Short: "Show the result in the order of a benchmark",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownName("benchmark", args[0], commandNames(cmd), "it is docker or k8s")
		},
	}
	for _, b := range benchmarks {
		bench.AddCommand(a.benchOf(b))
	}
	return bench
}

// benchFlags are the flags of a benchmark.
type benchFlags struct {
	collectFlags
	decisionFlags
	outputFlags
	screenFlags
	viewFlags
	text.Pick
}

// benchmark is a family of editions.
type benchmark struct {
	name, prefix, of string
	aliases          []string
	example          string
}

var benchmarks = []benchmark{
	{"docker", "cis-docker-", "CIS Docker", nil, "  plimsoll bench docker --edition cis-docker-1.2.0\n  plimsoll bench docker result.json --all"},
	{"k8s", "cis-k8s-", "CIS Kubernetes", []string{"kubernetes"}, "  plimsoll bench k8s --edition cis-k8s-1.11\n  plimsoll bench k8s host --section 1.1,4"},
}

func (a *app) benchOf(b benchmark) *cobra.Command {
	known := slices.DeleteFunc(text.Editions(a.suite, a.planned), func(e text.Edition) bool { return !strings.HasPrefix(e.Name, b.prefix) })
	names := make([]string, len(known))
	for i, e := range known {
		names[i] = e.Name
	}
	var f benchFlags
	cmd := &cobra.Command{
		Use: b.name + " [TARGET...|RESULT]", Aliases: b.aliases,
		Short: "Show the result in the order of a " + b.of + " edition",
		Long: "Every number of the edition, in its order, with PASS, FAIL, UNKNOWN, MANUAL or N/A and the subjects that\n" +
			"decide. Without --edition it is the newest one of which most numbers are known.\n\n" + targetHelp + "\nA saved result is shown as it was decided.",
		Example: b.example,
	}
	f.collectFlags.register(cmd)
	f.registerProbe(cmd)
	f.decisionFlags.register(cmd)
	f.outputFlags.register(cmd)
	f.screenFlags.register(cmd)
	f.viewFlags.register(cmd)
	cmd.Flags().StringVar(&f.Edition, "edition", text.Usual(known).Name, "edition: "+strings.Join(names, ", "))
	cmd.Flags().BoolVar(&f.All, "all", false, "append the checks that have no number in the edition")
	cmd.Flags().StringSliceVar(&f.Sections, "section", nil, "show these numbers and those below them only, such as 5 or 2.1,4")
	cmd.Flags().IntVar(&f.Level, "level", 0, "show the rows of this profile only: 1, or 2, which includes 1; rows whose level is not known are of both")
	fixed(cmd, "edition", names...)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		given := f.Edition
		for _, form := range []string{b.prefix + given, "cis-" + given, b.prefix + strings.TrimPrefix(given, "cis-")} { // the number alone will do
			if !slices.Contains(names, f.Edition) {
				f.Edition = form
			}
		}
		if !slices.Contains(names, f.Edition) {
			return unknownName("edition", given, names, "it is one of "+strings.Join(names, ", "))
		}
		if f.Level < 0 || f.Level > 2 {
			return usage("--level is 1 or 2, not %d", f.Level)
		}
		return a.bench(cmd, &f, args, known)
	}
	return cmd
}

func (a *app) bench(cmd *cobra.Command, f *benchFlags, args []string, known []text.Edition) error {
	filter, err := f.filter()
	if err != nil {
		return err
	}
	src, err := a.evidence(cmd.Context(), cmd, &f.collectFlags, args, f.onScreen())
	if err != nil {
		return err
	}
	r, _, err := a.decide(cmd, src, &f.decisionFlags, shortPlan(), nil)
	if err != nil {
		return err
	}
	suite := a.shownSuite(r, filter, f.Edition)
	for _, s := range f.Sections {
		if one := (text.Pick{Edition: f.Edition, Sections: []string{s}}); len(text.BenchRows(r, a.suite, one)) == 0 {
			return usage("%s has no number %s, nor one below it", f.Edition, quote(s))
		}
	}
	err = a.emit(f.outputFlags, f.screenFlags, func(w io.Writer, o text.Options) error {
		if err := announce(w, src); err != nil {
			return err
		}
		if err := text.BenchHead(w, known, f.Edition, cmd.Flags().Changed("edition"), len(a.suite)-len(suite), o); err != nil {
			return err
		}
		return text.Bench(w, r, suite, f.Pick, o)
	}, func(w io.Writer) error { return encodeBench(w, r, suite, f.Pick, text.Fragment(known, f.Edition)) })
	return joined(err, src.partial)
}

// shownSuite leaves out checks without a finding that the filter shows, unless
// they share a number with one that has. A row is shown whole or not at all, so
// that a filter never changes its word.
func (a *app) shownSuite(r *report.Result, f report.Filter, edition string) []*check.Check {
	if f.Empty() {
		return a.suite
	}
	numbers, shown := make(map[string]bool), make(map[string]bool)
	for i := range r.Findings {
		g := &r.Findings[i]
		if !f.Shows(r, g) {
			continue
		}
		shown[g.Check] = true
		for _, ref := range r.Check(g).Refs {
			if ref.Source+"-"+ref.Edition == edition {
				numbers[ref.ID] = true
			}
		}
	}
	r.NotJudged = slices.DeleteFunc(r.NotJudged, func(n report.NotJudged) bool { return !numbered(n.Refs, edition, numbers) })
	suite := slices.DeleteFunc(slices.Clone(a.suite), func(c *check.Check) bool {
		return !shown[c.ID] && !numbered(c.Refs, edition, numbers)
	})
	return suite
}

func numbered(refs []check.Ref, edition string, numbers map[string]bool) bool {
	return slices.ContainsFunc(refs, func(r check.Ref) bool { return r.Source+"-"+r.Edition == edition && numbers[r.ID] })
}

// benchSchema is the version of the JSON form of a benchmark.
const benchSchema = "plimsoll.bench/v1"

type benchRow struct {
	Number   string         `json:"number,omitempty"`
	Word     string         `json:"word"` // PASS, FAIL, UNKNOWN, MANUAL, N/A, HIDDEN
	Title    string         `json:"title"`
	Level    int            `json:"level,omitempty"`
	Checks   []string       `json:"checks"`
	Subjects []benchSubject `json:"subjects"` // that did not pass
}

type benchSubject struct {
	Check   string `json:"check"`
	Subject string `json:"subject"` // key
	Name    string `json:"name"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

func encodeBench(w io.Writer, r *report.Result, suite []*check.Check, pick text.Pick, partial bool) error {
	rows := []benchRow{}
	for _, row := range text.BenchRows(r, suite, pick) {
		b := benchRow{Number: row.Number, Word: row.Word, Title: row.Title, Level: row.Level, Checks: row.Checks, Subjects: []benchSubject{}}
		for i := range r.Findings {
			g := &r.Findings[i]
			if slices.Contains(row.Checks, g.Check) && g.Status != "pass" && g.Status != "not-applicable" {
				s := r.Subject(g)
				b.Subjects = append(b.Subjects, benchSubject{Check: g.Check, Subject: s.Key, Name: s.Name, Status: g.Status, Message: g.Message})
			}
		}
		rows = append(rows, b)
	}
	return encodeJSON(w, map[string]any{"schema": benchSchema, "edition": pick.Edition, "partial": partial, "snapshot": r.Snapshot.ID, "rows": rows})
}

func encodeJSON(w io.Writer, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(snapshot.Inert(b), '\n'))
	return err
}
