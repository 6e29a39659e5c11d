package check

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var (
	idPattern    = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	paramPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// Validate checks that a suite is well formed: every check documented, IDs
// unique, references and parameters legible.
func Validate(suite []*Check) error {
	var errs []error
	seen := make(map[string]bool)
	for _, c := range suite {
		if seen[c.ID] {
			errs = append(errs, fmt.Errorf("check %s appears twice", c.ID))
		}
		seen[c.ID] = true
		errs = append(errs, c.validate()...)
	}
	return errors.Join(errs...)
}

func (c *Check) validate() []error {
	var errs []error
	bad := func(format string, a ...any) { errs = append(errs, fmt.Errorf("check "+c.ID+": "+format, a...)) }
	if !idPattern.MatchString(c.ID) {
		bad("the ID is not lower-case words joined by dashes")
	}
	for name, v := range map[string]string{"Title": c.Title, "Why": c.Why, "Remedy": c.Remedy} {
		if strings.TrimSpace(v) != v || v == "" {
			bad("%s is empty or has space around it", name)
		}
	}
	if strings.HasSuffix(c.Title, ".") {
		bad("the title ends in a full stop")
	}
	if c.Severity < Low || c.Severity > Critical {
		bad("severity %v", c.Severity)
	}
	if _, ok := snapshot.Kinds[c.Subject]; !ok {
		bad("subject kind %q belongs to no scope", c.Subject)
	}
	if !slices.Contains(model.Zones, c.Zone) || !slices.Contains(model.Surfaces, c.Surface) {
		bad("zone %q or surface %q is not in the model's vocabulary", c.Zone, c.Surface)
	}
	if c.STRIDE == "" || strings.Trim(c.STRIDE, "STRIDE") != "" {
		bad("STRIDE %q is not made of its letters", c.STRIDE)
	}
	if c.Tier < 1 || c.Tier > 3 || c.Run == nil || len(c.Forms) == 0 {
		bad("tier, Run or Forms is missing")
	}
	for _, r := range c.Refs {
		if r.Source == "" || r.Edition == "" || r.ID == "" || r.Level < 0 || r.Level > 2 {
			bad("reference %+v", r)
		}
	}
	for _, r := range c.Reads {
		container, pod := c.Subject == snapshot.KindContainer && snapshot.IsSpecPath(r), c.Subject == snapshot.KindPodSpec && snapshot.IsPodPath(r)
		if !container && !pod {
			bad("it reads %q, which is no field of the configuration of its subject", r)
		}
	}
	for _, p := range c.Params {
		if !paramPattern.MatchString(p.Name) || p.Unit == "" || p.Meaning == "" {
			bad("parameter %+v", p)
		}
	}
	for i, f := range c.Fixes {
		if f.Title == "" || f.Kind == "" || f.Step == nil || f.Suffix == "" && i > 0 || f.Suffix != "" && i == 0 && !f.Breaks {
			bad("fix %d: needs a title, a kind, a step and, after the first, a suffix", i) // of one that breaks the first too, so that it is called by what it does
		}
	}
	return errs
}
