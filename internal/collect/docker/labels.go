package docker

import (
	"path/filepath"
	"regexp"
	"strings"

	"plimsoll/internal/snapshot"
)

// The labels whose values are kept; all others may hold anything.
const (
	labelProject   = "com.docker.compose.project"
	labelService   = "com.docker.compose.service"
	labelNumber    = "com.docker.compose.container-number"
	labelOneOff    = "com.docker.compose.oneoff"
	labelFiles     = "com.docker.compose.project.config_files"
	labelDir       = "com.docker.compose.project.working_dir"
	labelSwarmID   = "com.docker.swarm.service.id"
	labelSwarmName = "com.docker.swarm.service.name"
	labelTaskID    = "com.docker.swarm.task.id"
	labelTaskName  = "com.docker.swarm.task.name"
	labelNode      = "com.docker.swarm.node.id"
	labelPod       = "io.kubernetes.pod.name"
	labelNamespace = "io.kubernetes.pod.namespace"
	labelContainer = "io.kubernetes.container.name"

	// labelTrust says which containers a policy counts as untrusted. Its value is
	// kept only where it is a plain word.
	labelTrust = "trust"
)

func keptLabels() []string {
	return []string{
		labelProject, labelService, labelNumber, labelOneOff, labelFiles, labelDir,
		labelSwarmID, labelSwarmName, labelTaskID, labelTaskName, labelNode,
		labelPod, labelNamespace, labelContainer,
	}
}

// trustWord is the form of a value of labelTrust.
var trustWord = regexp.MustCompile(`^[a-z][a-z-]{0,31}$`)

// decodeLabels keeps the labels that say what manages the container, and how
// far it is trusted.
func decodeLabels(o object) (kept map[string]string, trust string) {
	var all map[string]string
	o.read("Labels", &all)
	if v := all[labelTrust]; trustWord.MatchString(v) {
		trust = v
	}
	return pickLabels(all), trust
}

func pickLabels(all map[string]string) map[string]string {
	kept := make(map[string]string)
	for _, k := range keptLabels() {
		if v, ok := all[k]; ok {
			kept[k] = short(v, maxText)
		}
	}
	return kept
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

// identify returns the key that labels claim, "" for none, and the owner.
func identify(labels map[string]string) (key string, owner *snapshot.Owner) {
	project, service := labels[labelProject], labels[labelService]
	namespace, pod, container := labels[labelNamespace], labels[labelPod], labels[labelContainer]
	switch {
	case allPlain(namespace, pod, container):
		return "k8s/" + namespace + "/" + pod + "/" + container,
			&snapshot.Owner{Kind: "kubernetes", Name: namespace + "/" + pod}
	case allPlain(labels[labelSwarmName]):
		name := labels[labelSwarmName]
		owner := &snapshot.Owner{Kind: "swarm", Name: name}
		if slot := taskSlot(name, labels[labelTaskName]); slot != "" {
			return "swarm/" + name + "/" + slot, owner
		}
		return "", owner
	case allPlain(project, service):
		owner := &snapshot.Owner{Kind: "compose", Name: project + "/" + service, Sources: composeFiles(labels)}
		number := labels[labelNumber]
		if strings.EqualFold(labels[labelOneOff], "true") || !allPlain(number) {
			return "", owner
		}
		return "compose/" + project + "/" + service + "/" + number, owner
	}
	return "", nil
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
	for f := range strings.SplitSeq(labels[labelFiles], ",") {
		if f == "" || f == "-" { // read from standard input
			continue
		}
		if !filepath.IsAbs(f) && labels[labelDir] != "" {
			f = filepath.Join(labels[labelDir], f)
		}
		if out = append(out, f); len(out) == 64 {
			break
		}
	}
	return out
}
