package manifest

import (
	"path"
	"slices"
	"strings"

	"plimsoll/internal/kustomize"
	"plimsoll/internal/snapshot"
)

// sources sorts out what is judged: files that stand for themselves, charts, and
// kustomizations that no other one draws on. What is part of a chart or of a
// kustomization is judged as that is built, and not by itself.
func (c *collector) sources() (files, charts, roots []string) {
	charts = topCharts(c.Charts)
	inChart := func(rel string) bool {
		return slices.ContainsFunc(charts, func(chart string) bool { return within(rel, path.Dir(chart)) && partOfChart(rel, path.Dir(chart)) })
	}
	used := make(map[string]bool) // files and folders that kustomizations draw on
	refs := make(map[string]kustomize.Refs)
	for _, k := range c.Kustomized {
		used[k] = true
		r, err := kustomize.References(c.FS, k)
		if err != nil {
			continue // building it says so
		}
		refs[k] = r
		for _, p := range append(slices.Clone(r.Dirs), r.Files...) {
			used[p] = true
		}
	}
	unused := 0
	for _, k := range c.Kustomized {
		switch {
		case used[path.Dir(k)] || inChart(k):
		case refs[k].Component:
			unused++
		default:
			roots = append(roots, k)
		}
	}
	if unused > 0 {
		c.notes = append(c.notes, plural(unused, "kustomize component")+" that nothing here uses")
	}
	for _, f := range c.Files {
		if !used[f] && !inChart(f) {
			files = append(files, f)
		}
	}
	return files, charts, roots
}

// within reports whether a path lies in a folder.
func within(rel, dir string) bool { return dir == "." || strings.HasPrefix(rel, dir+"/") }

// partOfChart reports whether a file of a chart's folder is one that the chart uses:
// others, such as examples and tests of the chart, stand for themselves.
func partOfChart(rel, dir string) bool {
	rest := rel
	if dir != "." {
		rest = strings.TrimPrefix(rel, dir+"/")
	}
	first, _, deeper := strings.Cut(rest, "/")
	return !deeper || first == "templates" || first == "charts" || first == "crds"
}

// topCharts leaves out the charts that are part of others.
func topCharts(all []string) []string {
	var out []string
	for _, chart := range all {
		if !slices.ContainsFunc(all, func(o string) bool { return o != chart && within(chart, path.Join(path.Dir(o), "charts")) }) {
			out = append(out, chart)
		}
	}
	return out
}

// unresolved keeps a chart or a kustomization that did not come to objects, as
// something of which nothing is known.
func (c *collector) unresolved(rel, kind, name string, reason snapshot.Reason, err error, render string) outcome {
	shown := c.Show(rel)
	detail := shown + ": " + err.Error()
	o := object{apiVersion: "v1", kind: kind, name: name}
	o.from.Loc, o.from.Invalid, o.from.Render = &snapshot.Location{File: shown}, detail, render
	return outcome{objects: []object{o}, fails: []failure{{snapshot.PartClusterWorkloads, "file/" + rel, reason, detail}}}
}
