package cli

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/internal/atomicfile"
	"plimsoll/internal/report"
	"plimsoll/internal/report/text"
)

// logFlags say what appears on the standard error stream.
type logFlags struct {
	quiet, verbose bool
	format         string
}

func (f *logFlags) register(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "say nothing but errors and warnings")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "say what is being done")
	cmd.Flags().StringVar(&f.format, "log-format", "text", "form of messages: text or json")
	fixed(cmd, "log-format", "text", "json")
}

func (f *logFlags) apply(l *logger) error {
	switch {
	case f.format != "text" && f.format != "json":
		return unknownName("--log-format", f.format, []string{"text", "json"}, "it is text or json")
	case f.quiet && f.verbose:
		return usage("--quiet and --verbose exclude each other; give one")
	}
	l.quiet, l.verbose, l.json = f.quiet, f.verbose, f.format == "json"
	return nil
}

// outputFlags say where data goes and in which form.
type outputFlags struct {
	file   string
	format string
}

// onScreen reports whether a person reads the outcome. Only then may it be of the
// bundled example: a file or a program could take it for this machine's.
func (f *outputFlags) onScreen() bool { return f.file == "" && f.format != "json" }

func (f *outputFlags) register(cmd *cobra.Command) {
	f.registerFormat(cmd)
	cmd.Flags().StringVarP(&f.file, "output", "o", "", "write to this file, whole or not at all, instead of to the standard output")
}

func (f *outputFlags) registerFormat(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.format, "format", "", "text or json (default text; json when -o names a .json file)")
	fixed(cmd, "format", "text", "json")
}

// json reports whether JSON is wanted.
func (f *outputFlags) json() (bool, error) {
	switch f.format {
	case "json":
		return true, nil
	case "text":
		return false, nil
	case "":
		return strings.HasSuffix(f.file, ".json"), nil
	}
	return false, unknownName("--format", f.format, []string{"text", "json"}, "it is text or json")
}

// privateMode is of everything written with -o: it tells where a machine is weak.
const privateMode = 0o600

// emit sends a page or a document to where the flags say. Page and doc get the
// writer; only the one that is wanted is called.
func (a *app) emit(f outputFlags, s screenFlags, page func(io.Writer, text.Options) error, doc func(io.Writer) error) error {
	asJSON, err := f.json()
	if err != nil {
		return err
	}
	o, err := s.options(a, a.Out)
	if err != nil {
		return err
	}
	if f.file == "-" {
		f.file = ""
	}
	if f.file != "" {
		o.Width, o.Color = defaultWidth, s.color == "always"
	}
	write := func(w io.Writer) error {
		if asJSON {
			return doc(w)
		}
		return page(w, o)
	}
	if f.file == "" {
		return failure(write(a.Out))
	}
	return a.save(f.file, write)
}

// save writes a file of the user's choice; "-" is the standard output.
func (a *app) save(file string, write func(io.Writer) error) error {
	if file == "-" {
		return failure(write(a.Out))
	}
	if err := atomicfile.Write(a.path(file), privateMode, write); err != nil {
		return failure(err)
	}
	a.log.note("wrote %s", file)
	return nil
}

// viewFlags say which findings are shown.
type viewFlags struct{ only, skip []string }

func (f *viewFlags) register(cmd *cobra.Command) {
	const grammar = "KEY=PATTERN[,KEY=PATTERN…], KEY being check, severity, zone, surface, subject or project; severity=high+ is high and above; repeat for alternatives"
	cmd.Flags().StringArrayVar(&f.only, "only", nil, "show only findings with "+grammar)
	cmd.Flags().StringArrayVar(&f.skip, "skip", nil, "hide findings; values as for --only. Neither changes what is decided of threats")
}

// filter reads the values.
func (f *viewFlags) filter() (report.Filter, error) {
	var out report.Filter
	for _, g := range []struct {
		flag   string
		values []string
		to     *[]report.Terms
	}{{"--only", f.only, &out.Only}, {"--skip", f.skip, &out.Skip}} {
		for _, v := range g.values {
			t, err := report.ParseTerms(v)
			if err != nil {
				return out, usage("%s: %v", g.flag, err)
			}
			*g.to = append(*g.to, t)
		}
	}
	return out, nil
}

// gateFlags are the conditions that the exit code speaks of.
type gateFlags struct {
	failOn, baseline string
	minCoverage      int
}

// gated reports whether there is a gate.
func (f *gateFlags) gated() bool { return f.failOn != "" || f.minCoverage > 0 }

func (f *gateFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.failOn, "fail-on", "", "exit 1 when a threat is open at this band or above: low, medium, high, critical, or new:BAND")
	cmd.Flags().StringVar(&f.baseline, "baseline", "", "saved result that says what is not new, for --fail-on new:BAND")
	cmd.Flags().IntVar(&f.minCoverage, "min-coverage", 0, "exit 3 when less than this share of questions was decided, in per cent")
}

// judge applies the gate to a result.
func (f *gateFlags) judge(a *app, r *report.Result) error {
	if f.minCoverage < 0 || f.minCoverage > 100 {
		return usage("--min-coverage is %d; it is a share of 0 to 100 per cent", f.minCoverage)
	}
	var baseline *report.Result
	if f.baseline != "" {
		if !strings.HasPrefix(f.failOn, "new:") {
			return usage("--baseline says what is new for --fail-on new:BAND; give that too")
		}
		d, err := a.readDocument(f.baseline)
		if err != nil {
			return err
		}
		if baseline = d.result; baseline == nil {
			return usage("--baseline %s is a %s; it takes a result, saved with plimsoll assess -o FILE --format json", f.baseline, d.kind())
		}
	}
	if err := r.Judge(f.failOn, f.minCoverage, baseline); err != nil {
		return usage("%v", err)
	}
	return nil
}

// verdict turns the gate into the run's outcome.
func verdict(r *report.Result) error {
	if r.Gate.Exit == exitDone {
		return nil
	}
	const most = 3 // reasons on the line; the result has all
	why := r.Gate.Why[:min(most, len(r.Gate.Why))]
	msg := "the gate is not met: " + strings.Join(why, ", ")
	if r.Gate.Exit == exitBlind {
		msg = "the gate cannot be decided: " + strings.Join(why, ", ")
	}
	if len(r.Gate.Why) > most {
		msg += ", and more"
	}
	return &exitError{r.Gate.Exit, errors.New(msg)}
}

// parseDate reads a date or a time.
func parseDate(s string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usage("--as-of %s is no date; write it as 2026-12-31 or 2026-12-31T12:00:00Z", quote(s))
}

// span is a duration of at least zero, as a flag's value.
type span time.Duration

// String implements the flag package's Value.
func (d *span) String() string {
	if *d == 0 {
		return "0"
	}
	return time.Duration(*d).String()
}

// Set implements the flag package's Value.
func (d *span) Set(s string) error {
	v, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return errors.New("it is a number with a unit, such as 30s or 5m")
	case v < 0:
		return errors.New("a time is not negative")
	}
	*d = span(v)
	return nil
}

// Type implements the flag package's Value.
func (d *span) Type() string { return "duration" }
