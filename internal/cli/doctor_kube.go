package cli

import (
	"io"

	"plimsoll/internal/collect/kube"
	"plimsoll/internal/snapshot"
)

// writeRole prints the role that lets its holder see every part of a cluster: by
// itself, fit for kubectl, or as a section of the page.
func writeRole(w io.Writer, s *snapshot.Snapshot, alone bool) error {
	for i := range s.Clusters {
		c := &s.Clusters[i]
		if sc := s.Scope(c.Scope); sc == nil || sc.Kind != snapshot.ScopeCluster {
			continue
		}
		var own []snapshot.Definition
		for _, d := range s.Definitions {
			if d.Scope == c.Scope {
				own = append(own, d)
			}
		}
		role := kube.Role(c, own)
		if !alone {
			role = "\nROLE, for whoever collects; by itself: plimsoll doctor k8s --role | kubectl apply -f -\n" + role
		}
		_, err := io.WriteString(w, role)
		return err // one role is for any cluster alike, but for custom kinds
	}
	if !alone {
		return nil
	}
	_, err := io.WriteString(w, kube.Role(nil, nil))
	return err
}

// writeAgent prints the manifest of what looks at every node.
func writeAgent(w io.Writer, image string) error {
	manifest, err := kube.NodeAgent(image)
	if err != nil {
		return usage("--image %s is no image reference", quote(image))
	}
	_, err = io.WriteString(w, manifest)
	return err
}
