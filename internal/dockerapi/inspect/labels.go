package inspect

import (
	"path/filepath"
	"regexp"
	"strings"

	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// The labels whose values are kept; all others may hold anything.
const (
	LabelProject   = "com.docker.compose.project"
	LabelService   = "com.docker.compose.service"
	LabelNumber    = "com.docker.compose.container-number"
	LabelOneOff    = "com.docker.compose.oneoff"
	LabelFiles     = "com.docker.compose.project.config_files"
	LabelDir       = "com.docker.compose.project.working_dir"
	LabelSwarmID   = "com.docker.swarm.service.id"
	LabelSwarmName = "com.docker.swarm.service.name"
	LabelTaskID    = "com.docker.swarm.task.id"
	LabelTaskName  = "com.docker.swarm.task.name"
	LabelNode      = "com.docker.swarm.node.id"
	LabelPod       = "io.kubernetes.pod.name"
	LabelNamespace = "io.kubernetes.pod.namespace"
	LabelContainer = "io.kubernetes.container.name"

	// labelTrust says which containers a policy counts as untrusted. Its value is
	// kept only where it is a plain word.
	labelTrust = "trust"
)

func keptLabels() []string {
	return []string{
		LabelProject, LabelService, LabelNumber, LabelOneOff, LabelFiles, LabelDir,
		LabelSwarmID, LabelSwarmName, LabelTaskID, LabelTaskName, LabelNode,
		LabelPod, LabelNamespace, LabelContainer,
	}
}

// Labels keeps, of the labels of an object of the API, those that say what
// manages the container.
func Labels(o answer.Object) map[string]string {
	var all map[string]string
	o.Read("Labels", &all)
	kept := make(map[string]string)
	for _, k := range keptLabels() {
		if v, ok := all[k]; ok {
			kept[k] = answer.Short(v, answer.MaxText)
		}
	}
	return kept
}

// trustWord is the form of a value of labelTrust.
var trustWord = regexp.MustCompile(`^[a-z][a-z-]{0,31}$`)

// trust returns how far a container is trusted, as its label says.
func trust(config answer.Object) string {
	var all map[string]string
	config.Read("Labels", &all)
	if v := all[labelTrust]; trustWord.MatchString(v) {
		return v
	}
	return ""
}

// plain is the form of names that compose, Swarm and Kubernetes give. Labels
// are whatever their author wrote, so others are not believed.
var plain = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}$`)

func allPlain(words ...string) bool {
	for _, w := range words {
		if !plain.MatchString(w) {
			return false
		}
	}
	return true
}

// Identify returns the key that labels claim, "" for none, and the owner. Whoever
// wears a manager's mark has an owner, even where the rest is not in the
// manager's form: hands off is the safe side, a key is not.
func Identify(labels map[string]string) (key string, owner *snapshot.Owner) {
	project, service := labels[LabelProject], labels[LabelService]
	namespace, pod, container := labels[LabelNamespace], labels[LabelPod], labels[LabelContainer]
	switch {
	case allPlain(namespace, pod, container):
		return "k8s/" + namespace + "/" + pod + "/" + container,
			&snapshot.Owner{Kind: "kubernetes", Name: namespace + "/" + pod}
	case allPlain(labels[LabelSwarmName]):
		name := labels[LabelSwarmName]
		owner := &snapshot.Owner{Kind: "swarm", Name: name}
		if slot := taskSlot(name, labels[LabelTaskName]); slot != "" {
			return "swarm/" + name + "/" + slot, owner
		}
		return "", owner
	case allPlain(project, service):
		owner := &snapshot.Owner{Kind: "compose", Name: project + "/" + service, Sources: composeFiles(labels)}
		number := labels[LabelNumber]
		if strings.EqualFold(labels[LabelOneOff], "true") || !allPlain(number) {
			return "", owner
		}
		return "compose/" + project + "/" + service + "/" + number, owner
	}
	return "", marked(labels)
}

// marked returns the owner that labels point to without naming it as managers do.
func marked(labels map[string]string) *snapshot.Owner {
	for _, m := range []struct{ label, kind string }{
		{LabelPod, "kubernetes"}, {LabelSwarmName, "swarm"}, {LabelTaskID, "swarm"}, {LabelProject, "compose"},
	} {
		if name, ok := labels[m.label]; ok {
			if !allPlain(name) {
				name = "?"
			}
			return &snapshot.Owner{Kind: m.kind, Name: name, Sources: composeFiles(labels)}
		}
	}
	return nil
}

// taskSlot returns the slot in SERVICE.SLOT.TASK; for a global service that is
// the node's id.
func taskSlot(service, task string) string {
	rest, ok := strings.CutPrefix(task, service+".")
	if !ok {
		return ""
	}
	slot, _, ok := strings.Cut(rest, ".")
	if !ok || !allPlain(slot) {
		return ""
	}
	return slot
}

// composeFiles lists the project's files; relative ones are relative to its
// working directory.
func composeFiles(labels map[string]string) []string {
	var out []string
	for f := range strings.SplitSeq(labels[LabelFiles], ",") {
		if f == "" || f == "-" { // read from standard input
			continue
		}
		if !filepath.IsAbs(f) && labels[LabelDir] != "" {
			f = filepath.Join(labels[LabelDir], f)
		}
		if out = append(out, f); len(out) == 64 {
			break
		}
	}
	return out
}
