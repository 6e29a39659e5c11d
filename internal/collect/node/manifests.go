package node

import (
	"cmp"
	"path"
	"strings"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/kubeflag"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// manifest is a static pod's file.
type manifest struct {
	path    string
	name    string // of the component that it runs, "" for any other pod
	pod     string // namespace/name, for the mirror
	version string // by the image's tag
	flags   raw
	mounts  [][2]string // path in the container, path on the machine
	images  []string
}

const maxManifests = 1024

// staticDir is where the kubelet looks for static pods, "" for nowhere.
func (n *survey) staticDir() string {
	k := n.program(snapshot.Kubelet)
	if k == nil {
		return n.distro.manifests
	}
	layers, _, _, _ := n.layers(k)
	for _, f := range kubeflag.Kubelet(k.flags, layers, k.flags.last("config") != "", 0) {
		if f.Key == "staticPodPath" && f.Value != "" {
			return f.Value
		}
	}
	if k.viewErr != nil {
		return n.distro.manifests
	}
	return ""
}

// readManifests reads every static pod of the node.
func (n *survey) readManifests() {
	dir := n.staticDir()
	if dir == "" {
		n.node.Static = snapshot.Missing[[]string](snapshot.Absent, "", "staticPodPath")
		return
	}
	v := n.m.View()
	files := []string{dir}
	if list, err := v.List(dir); err == nil {
		files = nil
		for _, f := range list {
			if !strings.HasPrefix(f, ".") && !strings.HasSuffix(f, "/") && len(files) < maxManifests {
				files = append(files, path.Join(dir, f))
			}
		}
	} else if v.File("", dir, "").Type != "file" { // the setting may name one file
		s, r := host.Outcome(err)
		n.node.Static = snapshot.Missing[[]string](s, r, dir)
		n.manifestErr = err
		return
	}
	var pods []string
	for _, f := range files {
		d := read(v, f)
		m := manifestOf(f, d.root)
		n.manifests = append(n.manifests, m)
		pods = append(pods, host.Text(cmp.Or(m.pod, path.Base(f))))
	}
	n.node.Static = snapshot.Seen(pods, dir)
}

func (n *survey) manifestOf(name string) *manifest {
	for i := range n.manifests {
		if n.manifests[i].name == name {
			return &n.manifests[i]
		}
	}
	return nil
}

// manifestOf reads one pod.
func manifestOf(file string, root *yaml.Node) manifest {
	m := manifest{path: file}
	if word(root, "kind") != "Pod" {
		return m
	}
	m.pod = cmp.Or(word(root, "metadata", "namespace"), "default") + "/" + word(root, "metadata", "name")
	volumes := make(map[string]string)
	for _, v := range items(root, "spec", "volumes") {
		if p := word(v, "hostPath", "path"); path.IsAbs(p) {
			volumes[word(v, "name")] = p
		}
	}
	for _, c := range items(root, "spec", "containers") {
		image := word(c, "image")
		m.images = append(m.images, image)
		argv := append(wordList(c, "command"), wordList(c, "args")...)
		name, args := kubeflag.Component(argv)
		if name == "" && len(argv) > 0 && strings.HasPrefix(argv[0], "-") { // the image's own entry point
			name, args = byImage(image), argv
		}
		if name == "" || m.name != "" {
			continue
		}
		m.name, m.flags, m.version = name, kubeflag.Parse(name, args), imageVersion(image)
		for _, v := range items(c, "volumeMounts") {
			if from := volumes[word(v, "name")]; from != "" {
				m.mounts = append(m.mounts, [2]string{path.Clean(word(v, "mountPath")), path.Join(from, path.Join("/", word(v, "subPath")))})
			}
		}
	}
	return m
}

func byImage(image string) string {
	name, _, _ := strings.Cut(path.Base(image), ":")
	for _, c := range kubeflag.Components {
		if name == c {
			return c
		}
	}
	return ""
}

// imageVersion is the release that an image's tag names.
func imageVersion(image string) string {
	image, _, _ = strings.Cut(image, "@")
	_, tag, ok := strings.Cut(path.Base(image), ":")
	if ok && release.MatchString(tag) {
		return tag
	}
	return ""
}

// outside is the path on the machine of a path in the pod's container, "" when
// the machine does not provide it.
func (m *manifest) outside(name string) string {
	best, out := -1, ""
	for _, v := range m.mounts {
		if name != v[0] && !strings.HasPrefix(name, strings.TrimSuffix(v[0], "/")+"/") {
			continue
		}
		if len(v[0]) > best {
			best, out = len(v[0]), path.Join(v[1], strings.TrimPrefix(name, v[0]))
		}
	}
	return out
}
