package docker

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/dockerapi/inspect"
	"plimsoll/internal/snapshot"
)

// joinContainers gives every container its key, resolves the references between
// containers and stores equal configurations once.
func (c *collector) joinContainers() {
	all := slices.DeleteFunc(slices.Clone(c.seen), func(s *inspected) bool { return s == nil })
	rows := make([]snapshot.Container, len(all))
	keys, owners := assignKeys(all, c.Kept)
	byRef := make(map[string]int, 2*len(all))
	for i, s := range all {
		byRef[s.Name] = i
	}
	for i, s := range all { // an id wins over a name that looks like one
		byRef[answer.Short(s.ID, 12)] = i
		byRef[s.ID] = i
	}
	sharers := make(map[int][]string)
	for i, s := range all {
		for _, ref := range c.joined(s) {
			if j, ok := byRef[ref]; ok && j != i {
				sharers[j] = append(sharers[j], keys[i])
			}
		}
		toKey := func(mode string) string { return containerMode(mode, byRef, keys) }
		s.Spec.NetworkMode, s.Spec.PidMode, s.Spec.IpcMode = toKey(s.Spec.NetworkMode), toKey(s.Spec.PidMode), toKey(s.Spec.IpcMode)
		if name, ok := c.netNames[s.Spec.NetworkMode]; ok {
			s.Spec.NetworkMode = name
		}
		c.applyService(s)
	}
	for i, s := range all {
		slices.Sort(sharers[i])
		rows[i] = snapshot.Container{
			Key: keys[i], Name: s.Name, ID: s.ID, Owner: owners[i], KeptFor: c.Kept[s.ID],
			Created: s.Created, Finished: s.State.Finished,
			Spec: c.intern.AddSpec(s.Spec), Runtime: c.intern.AddRuntime(s.runtime),
			Usage: s.usage, Sharers: slices.Compact(sharers[i]), Networks: s.Networks,
			// Asking costs one more call for each container; harden asks
			// for those that it creates anew.
			Writable: snapshot.Missing[int](snapshot.Skipped, snapshot.ReasonNotCollected, ""),
		}
	}
	c.out.Containers = rows
}

// joined lists the references of containers whose namespaces or volumes s uses.
func (c *collector) joined(s *inspected) []string {
	var refs []string
	for _, mode := range []string{s.Spec.NetworkMode, s.Spec.PidMode, s.Spec.IpcMode} {
		if ref, ok := strings.CutPrefix(mode, "container:"); ok {
			refs = append(refs, ref)
		}
	}
	for _, v := range s.VolumesFrom {
		ref, _, _ := strings.Cut(v, ":") // NAME:ro
		refs = append(refs, ref)
	}
	return refs
}

// containerMode rewrites container:ID to container:KEY, since an id does not
// survive re-creation.
func containerMode(mode string, byRef map[string]int, keys []string) string {
	ref, ok := strings.CutPrefix(mode, "container:")
	if !ok {
		return mode
	}
	if i, ok := byRef[ref]; ok {
		return "container:" + keys[i]
	}
	return "container:missing"
}

// assignKeys returns the stable key and the owner of each container. Labels are
// their author's word, so a key that two containers claim belongs to neither,
// but for swarm, which keeps the stopped predecessors of a running task.
func assignKeys(all []*inspected, kept map[string]string) (keys []string, owners []*snapshot.Owner) {
	keys, owners = make([]string, len(all)), make([]*snapshot.Owner, len(all))
	claims, live := make(map[string]int), make(map[string]int)
	for i, s := range all {
		keys[i], owners[i] = inspect.Identify(s.Labels)
		if kept[s.ID] != "" {
			keys[i] = ""
		}
		claims[keys[i]]++
		if s.runtime.Live() {
			live[keys[i]]++
		}
	}
	used := make(map[string]bool, len(all))
	for i, s := range all {
		k := keys[i]
		successor := strings.HasPrefix(k, "swarm/") && live[k] == 1 && s.runtime.Live()
		if k == "" || claims[k] > 1 && !successor {
			k = "name/" + s.Name
			if used[k] { // no engine does this; the table must stay unambiguous all the same
				k += "~" + s.ID
			}
		}
		used[k] = true
		keys[i] = k
	}
	return keys, owners
}

// applyService puts the policy of a swarm service in the place of the
// container's own, which swarm leaves empty.
func (c *collector) applyService(s *inspected) {
	id := s.Labels[inspect.LabelSwarmID]
	if id == "" || s.Labels[inspect.LabelTaskID] == "" || slices.Contains(s.Spec.Unread, snapshot.AllUnread) {
		return
	}
	if p, ok := c.services[id]; ok {
		s.Spec.RestartPolicy = p
	} else if !slices.Contains(s.Spec.Unread, "restartPolicy") {
		s.Spec.Unread = append(s.Spec.Unread, "restartPolicy")
		slices.Sort(s.Spec.Unread)
	}
}

// anonymous is the form of volume names that the engine makes up.
var anonymous = regexp.MustCompile(`^[0-9a-f]{64}$`)

// resolveMounts follows the links of sources, and leaves out the made-up names
// of anonymous volumes, which would make every replica a configuration of its
// own.
func (c *collector) resolveMounts(s *inspected) {
	for i := range s.Spec.Mounts {
		m := &s.Spec.Mounts[i]
		source := m.Source
		v, known := c.volumes[m.Volume]
		switch {
		case m.Type == "bind":
		case m.Type == "volume" && known && v.Device != "":
			source = path.Join(v.Device, m.Subpath)
		case m.Type == "volume" && known && len(v.Options) == 0 && anonymous.MatchString(m.Volume):
			m.Volume, m.Source = "", ""
			continue
		default:
			continue
		}
		if c.local != nil {
			r := c.local.Resolve(source)
			if r.State == snapshot.Observed {
				m.Shows = c.local.Shown(r.Real, m.Type == "bind" || c.recursive[m.Volume])
			}
			m.Real, m.Dev, m.Ino, m.Resolved = answer.Short(r.Real, answer.MaxText), r.Dev, r.Ino, r.State
		}
	}
}
