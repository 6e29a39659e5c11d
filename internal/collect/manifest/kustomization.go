package manifest

import (
	"context"
	"errors"
	"path"
	"strconv"
	"strings"

	"plimsoll/internal/kustomize"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// kustomization builds one kustomization and reads what it makes.
func (c *collector) kustomization(_ context.Context, rel string) outcome {
	dir := path.Dir(rel)
	render := "kustomization " + c.Show(dir)
	made, err := kustomize.Build(c.FS, dir)
	if err != nil {
		reason := snapshot.ReasonUnparsable
		if errors.Is(err, kustomize.ErrUnresolved) {
			reason = snapshot.ReasonUnresolved
		}
		return c.unresolved(rel, "Kustomization", dir, reason, err, render)
	}
	var out outcome
	docs := make(map[string][]*yaml.Node) // of each source
	for _, m := range made {
		n, err := yaml.ParseDocument(yaml.Document{Text: m.YAML, Line: 1}, rel, limits)
		if err != nil || n == nil {
			continue // the library wrote it
		}
		r := reader{rel: rel, shown: c.Show(rel), render: render}
		r.at = func(int, int) snapshot.Location { return snapshot.Location{File: r.shown} } // a place of what was built is none of a file
		file := m.Origin
		if file != "" {
			if _, ok := docs[file]; !ok {
				docs[file] = c.documents(file)
			}
		}
		r.source = func(*yaml.Node) *origin { return c.sourceOf(docs[file], file, m.Kind, m.Name, r.at) }
		r.document(n)
		out.objects, out.fails = append(out.objects, r.out.objects...), append(out.fails, r.out.fails...)
	}
	return out
}

// documents reads the objects of a source file.
func (c *collector) documents(rel string) []*yaml.Node {
	data, err := c.Read(rel, MaxFile)
	if err != nil {
		return nil
	}
	var out []*yaml.Node
	for _, d := range yaml.Split(data) {
		n, err := yaml.ParseDocument(d, rel, limits)
		if err != nil || n == nil {
			continue
		}
		if items := n.Get("items"); items != nil {
			out = append(out, items.Items...)
		}
		out = append(out, n)
	}
	return out
}

// sourceOf finds the object in its source. Where it is not there any longer under
// its name, the file alone is known.
func (c *collector) sourceOf(docs []*yaml.Node, file, kind, name string, built func(int, int) snapshot.Location) *origin {
	if file == "" {
		return &origin{at: built}
	}
	shown := c.Show(file)
	at := func(line, col int) snapshot.Location { return snapshot.Location{File: shown, Line: line, Column: col} }
	var best *yaml.Node
	length := -1
	for _, d := range docs {
		was := scalar(d.Get("metadata").Get("name"))
		if scalar(d.Get("kind")) == kind && strings.Contains(name, was) && len(was) > length { // builds put text before and behind names
			best, length = d, len(was)
		}
	}
	if best != nil {
		return &origin{at: built, doc: best, src: at}
	}
	return &origin{at: func(int, int) snapshot.Location { return snapshot.Location{File: shown} }}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
