package node

import (
	"strings"

	"plimsoll/internal/kubeflag"
	"plimsoll/internal/snapshot"
)

// Mirrored describes the component that a container of a static pod runs, as the
// API shows it: its flags, and the release that its image's tag names. The files
// that flags name are on the node, where nobody looked.
func Mirrored(node, image string, argv []string) (snapshot.Component, bool) {
	name, args := kubeflag.Component(argv)
	if name == "" && (len(argv) == 0 || strings.HasPrefix(argv[0], "-")) { // the image's own entry point
		name, args = byImage(image), argv
	}
	if name == "" {
		return snapshot.Component{}, false
	}
	c := snapshot.Component{Node: node, Name: name, Source: snapshot.FromMirrorPod, Version: imageVersion(image)}
	if c.Version != "" {
		c.VersionBy = "the image's tag"
	}
	flags := kubeflag.Parse(name, args)
	c.Flags = snapshot.Seen(reduce(flags), "mirror pod")
	for _, f := range flags {
		if !fileFlags[f.Name] || !strings.HasPrefix(f.Value, "/") {
			continue
		}
		for one := range strings.SplitSeq(f.Value, ",") {
			c.Named = append(c.Named, snapshot.NamedFile{By: "--" + f.Name, Path: one, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected})
		}
	}
	return c, true
}
