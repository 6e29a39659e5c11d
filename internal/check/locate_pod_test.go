package check

import (
	"testing"

	"plimsoll/internal/snapshot"
)

func at(line int) snapshot.Location {
	return snapshot.Location{File: "shop.yaml", Line: line, Column: 3}
}

// manifest is a template with what its file says, where.
func manifest(root string) (*snapshot.Workload, *snapshot.PodSpec) {
	w := &snapshot.Workload{}
	for i, f := range []string{
		"hostPID", "containers[0].name", "containers[0].image", "containers[1].name", "containers[1].securityContext.privileged", "initContainers[0].name",
		"initContainers[0].image", "volumes[0].hostPath.path", "securityContext.runAsNonRoot",
	} {
		w.Fields = append(w.Fields, snapshot.FieldLoc{Field: root + f, Loc: at(i + 10)})
	}
	w.Fields = append(w.Fields, snapshot.FieldLoc{Field: "metadata.name", Loc: at(2)})
	return w, &snapshot.PodSpec{
		Volumes: []snapshot.PodVolume{{Name: "run"}},
		Containers: []snapshot.PodContainer{
			{Name: "prep", Kind: snapshot.SidecarContainer}, {Name: "web", Kind: snapshot.AppContainer}, {Name: "odd]", Kind: snapshot.AppContainer},
		},
	}
}

// TestEvidenceInManifests: evidence is placed where the file says it, and what is
// missing where it belongs, whatever kind of object the template stands in.
func TestEvidenceInManifests(t *testing.T) {
	for source, line := range map[string]int{
		"hostPID":               10,
		"containers[web].image": 12,
		"containers[web].securityContext.privileged":  11, // not said: the container
		"containers[odd]].securityContext.privileged": 14,
		"initContainers[prep].image":                  16,
		"volumes[run].hostPath.path":                  17,
		"volumes[run]":                                17,
		"securityContext.runAsNonRoot":                18,
		"securityContext.seccompProfile.type":         18,
		"hostUsers":                                   10, // not said: the pod
		"containers[nobody].image":                    0,
		"LimitRange defaults":                         0,
		"ServiceAccount shop/web, automount":          0,
	} {
		for _, root := range []string{"spec.template.spec.", "spec.", "", "spec.jobTemplate.spec.template.spec."} {
			w, spec := manifest(root)
			v := Failed("it does", Evidence{Source: source}).inManifest(w, spec)
			got := 0
			if l := v.Evidence[0].Loc; l != nil {
				got = l.Line
			}
			if got != line && (root != "" || source != "hostUsers") {
				t.Errorf("%s below %q is placed in line %d, want %d", source, root, got, line)
			}
		}
	}
	bare := &snapshot.Workload{Fields: []snapshot.FieldLoc{{Field: "metadata.name", Loc: at(2)}}}
	if v := Failed("it does", Evidence{Source: "hostPID"}).inManifest(bare, &snapshot.PodSpec{}); v.Evidence[0].Loc != nil {
		t.Errorf("placed in an object without a pod: %v", v.Evidence[0].Loc)
	}
}

// FuzzPodPaths: no path and no name of a container makes placing fail or hang.
func FuzzPodPaths(f *testing.F) {
	f.Add("containers[web].image", "web", "spec.template.spec.containers[0].image")
	f.Add("volumes[", "]", "containers[")
	f.Add("....[[[", "", "initContainers[..")
	f.Fuzz(func(t *testing.T, source, name, field string) {
		w := &snapshot.Workload{Fields: []snapshot.FieldLoc{{Field: field, Loc: at(1)}, {Field: "containers[0].image", Loc: at(2)}}}
		spec := &snapshot.PodSpec{Volumes: []snapshot.PodVolume{{Name: name}}, Containers: []snapshot.PodContainer{{Name: name, Kind: snapshot.AppContainer}}}
		v := Failed("it does", Evidence{Source: source}).inManifest(w, spec)
		if l := v.Evidence[0].Loc; l != nil && l.Line != 1 && l.Line != 2 {
			t.Errorf("placed at %v", l)
		}
	})
}
