package manifest

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"plimsoll/internal/helm"
	"plimsoll/internal/snapshot"
)

// mostValues is how many files of values one chart is rendered with.
const mostValues = 16

// valuesName is how files of values for one use of a chart are called:
// values-prod.yaml, values.prod.yaml, prod-values.yaml.
var valuesName = regexp.MustCompile(`^(?:values[-_.].+|.+[-_.]values)\.ya?ml$`)

// chart renders one chart: with its own values, and with those of each file that was
// given, or else that lies beside them. Equal objects count once.
func (c *collector) chart(ctx context.Context, rel string) outcome {
	dir := path.Dir(rel)
	broken := func(reason snapshot.Reason, err error, render string) outcome {
		return c.unresolved(rel, "Chart", dir, reason, err, render)
	}
	chart, err := helm.Read(c.FS, dir)
	if err != nil {
		return broken(snapshot.ReasonUnparsable, err, "")
	}
	if chart.Library() {
		c.notes = append(c.notes, "chart "+dir+" is a library and makes nothing by itself")
		return outcome{}
	}
	sets := []Values{{Name: "values.yaml"}}
	if len(c.Values) > 0 {
		sets = c.Values
	} else {
		sets = append(sets, c.beside(dir)...)
	}
	var out outcome
	seen := make(map[[sha256.Size]byte]bool)
	for _, v := range sets {
		render := "chart " + chart.Name + " with " + v.Name
		docs, err := chart.Render(ctx, v.Data)
		if err != nil {
			reason := snapshot.ReasonUnparsable
			if errors.Is(err, helm.ErrUnresolved) {
				reason = snapshot.ReasonUnresolved
			}
			b := broken(reason, errors.New("with "+v.Name+": "+err.Error()), render)
			out.objects, out.fails = append(out.objects, b.objects...), append(out.fails, b.fails...)
			continue
		}
		for _, d := range docs {
			if k := sha256.Sum256([]byte(d.Template + "\x00" + d.Text)); !seen[k] {
				seen[k] = true
				r := c.rendered(dir, d, render)
				out.objects, out.fails = append(out.objects, r.objects...), append(out.fails, r.fails...)
			}
		}
	}
	return out
}

// beside returns the files of values that lie in the chart's folder.
func (c *collector) beside(dir string) []Values {
	var out []Values
	list, err := fs.ReadDir(c.FS, dir)
	if err != nil {
		return nil
	}
	for _, e := range list {
		if !valuesName.MatchString(e.Name()) || len(out) >= mostValues {
			continue
		}
		if data, err := c.Read(path.Join(dir, e.Name()), MaxFile); err == nil {
			out = append(out, Values{e.Name(), data})
		}
	}
	return out
}

// rendered reads what one template gave. Its lines lead back to those of the
// template where the two can be laid beside one another.
func (c *collector) rendered(dir string, d helm.Rendered, render string) outcome {
	rel := path.Join(dir, d.Template)
	r := reader{rel: rel, shown: c.Show(rel), render: render, into: helm.Namespace}
	lines := align(strings.Split(d.Text, "\n"), strings.Split(d.Source, "\n"))
	r.at = func(line, col int) snapshot.Location {
		if line > 0 && line <= len(lines) && lines[line-1] > 0 {
			return snapshot.Location{File: r.shown, Line: lines[line-1]}
		}
		return snapshot.Location{File: r.shown}
	}
	r.stream([]byte(d.Text))
	return r.out
}
