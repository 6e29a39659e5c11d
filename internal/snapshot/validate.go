package snapshot

import (
	"fmt"
	"slices"
)

// Validate checks what the logic relies on. Times are set. Scopes are unique and
// stand on a known host. Every item of every list belongs to a scope of a kind
// that has such items, and its name is the only one in that scope. Containers
// refer to a configuration and a live state that are there, configurations to
// their own fields. What the names and
// values mean is not checked: readers of them expect anything.
func (s *Snapshot) Validate() error {
	if s.Taken.IsZero() {
		return fmt.Errorf("snapshot: taken is not set")
	}
	scopes := make(map[string]ScopeKind, len(s.Scopes))
	for i, sc := range s.Scopes {
		if sc.ID == "" {
			return fmt.Errorf("snapshot: scopes[%d] has no id", i)
		}
		if _, dup := scopes[sc.ID]; dup {
			return fmt.Errorf("snapshot: scope %.100q appears twice", sc.ID)
		}
		scopes[sc.ID] = sc.Kind
	}
	for _, l := range s.lists() {
		if err := l.validate(scopes); err != nil {
			return err
		}
	}
	if err := s.validateDockerfiles(); err != nil {
		return err
	}
	return s.validateReferences(scopes)
}

// validateDockerfiles checks that stages build on stages before them.
func (s *Snapshot) validateDockerfiles() error {
	for i := range s.Dockerfiles {
		d := &s.Dockerfiles[i]
		if d.Path == "" {
			return fmt.Errorf("snapshot: dockerfiles[%d] has no path", i)
		}
		if d.Parsed.State == Observed && len(d.Stages) == 0 {
			return fmt.Errorf("snapshot: dockerfiles[%d] has no stage", i)
		}
		for j, st := range d.Stages {
			if st.From >= j || st.From < -1 {
				return fmt.Errorf("snapshot: dockerfiles[%d].stages[%d] is built on stage %d, which is not before it", i, j, st.From)
			}
		}
	}
	return nil
}

// list is one list of the snapshot, as validation sees it.
type list struct {
	name  string
	kinds []ScopeKind // of scopes that have such items; nil: every kind
	len   int

	// at returns the scope of an item and what tells it from the others of its
	// scope. An item that may occur several times has no identity.
	at func(i int) (scope string, identity any)
}

// lists describes every list whose items belong to a scope.
func (s *Snapshot) lists() []list {
	engine, host, files := []ScopeKind{ScopeEngine}, []ScopeKind{ScopeHost}, []ScopeKind{ScopeFiles}
	either := []ScopeKind{ScopeEngine, ScopeFiles}
	lists := []list{
		{"parts", nil, len(s.Parts), func(i int) (string, any) {
			p := &s.Parts[i]
			if p.Item != "" {
				return p.Scope, nil // there may be several remarks on one item
			}
			return p.Scope, p.Part
		}},
		{"hosts", host, len(s.Hosts), func(i int) (string, any) { return s.Hosts[i].Scope, "" }},
		{"engines", either, len(s.Engines), func(i int) (string, any) { return s.Engines[i].Scope, "" }},
		{"containers", either, len(s.Containers), func(i int) (string, any) {
			return s.Containers[i].Scope, s.Containers[i].Key
		}},
		{"images", []ScopeKind{ScopeEngine, ScopeImages}, len(s.Images), func(i int) (string, any) { return s.Images[i].Scope, s.Images[i].ID }},
		{"networks", either, len(s.Networks), func(i int) (string, any) {
			return s.Networks[i].Scope, [2]string{s.Networks[i].Name, s.Networks[i].ID}
		}},
		{"volumes", either, len(s.Volumes), func(i int) (string, any) { return s.Volumes[i].Scope, s.Volumes[i].Name }},
		{"files", []ScopeKind{ScopeHost, ScopeCluster}, len(s.Files), func(i int) (string, any) { return s.Files[i].Scope, [2]string{s.Files[i].Path, s.Files[i].Cluster} }},
		{"listeners", engine, len(s.Listeners), func(i int) (string, any) {
			l := s.Listeners[i]
			return l.Scope, [3]any{l.Network, l.Address, l.Port}
		}},
		{"clients", []ScopeKind{ScopeHost, ScopeFiles}, len(s.Clients), func(i int) (string, any) { return s.Clients[i].Scope, s.Clients[i].User }},
		{"registries", []ScopeKind{ScopeRegistry, ScopeFiles}, len(s.Registries), func(i int) (string, any) { return s.Registries[i].Scope, "" }},
		{"dockerfiles", files, len(s.Dockerfiles), func(i int) (string, any) { return s.Dockerfiles[i].Scope, s.Dockerfiles[i].Path }},
	}
	return slices.Concat(lists, s.kubeLists(), s.nodeLists())
}

func (l *list) validate(scopes map[string]ScopeKind) error {
	type item struct {
		scope    string
		identity any
	}
	seen := make(map[item]bool, l.len)
	for i := range l.len {
		scope, identity := l.at(i)
		kind, ok := scopes[scope]
		if !ok || l.kinds != nil && !slices.Contains(l.kinds, kind) {
			return fmt.Errorf("snapshot: %s[%d] names the scope %.100q, want a scope of the snapshot%s", l.name, i, scope, ofKind(l.kinds))
		}
		if identity == nil {
			continue
		}
		it := item{scope, identity}
		if seen[it] {
			return fmt.Errorf("snapshot: %s[%d] is the second of its scope with the identity %.100q", l.name, i, fmt.Sprint(identity))
		}
		seen[it] = true
	}
	return nil
}

func ofKind(kinds []ScopeKind) string {
	if kinds == nil {
		return ""
	}
	return fmt.Sprintf(" of a kind in %v", kinds)
}

// validateReferences checks what points from one list into another.
func (s *Snapshot) validateReferences(scopes map[string]ScopeKind) error {
	for i, sc := range s.Scopes {
		if sc.Host != "" && (sc.Kind == ScopeHost || scopes[sc.Host] != ScopeHost) {
			return fmt.Errorf("snapshot: scopes[%d].host is %.100q, want the scope of a host that it runs on", i, sc.Host)
		}
	}
	for i, f := range s.Files {
		if f.Engine != "" && scopes[f.Engine] != ScopeEngine {
			return fmt.Errorf("snapshot: files[%d].engine is %.100q, want the scope of an engine", i, f.Engine)
		}
	}
	if err := s.validateNodes(scopes); err != nil {
		return err
	}
	for i := range s.ContainerSpecs {
		for _, u := range s.ContainerSpecs[i].Unread {
			if u != AllUnread && !IsSpecPath(u) {
				return fmt.Errorf("snapshot: containerSpecs[%d].unread names %.100q, which is no field of a spec, such as resources.memory", i, u)
			}
		}
	}
	for i := range s.Containers {
		c := &s.Containers[i]
		if c.Key == "" {
			return fmt.Errorf("snapshot: containers[%d] has no key", i)
		}
		if c.Spec < 0 || c.Spec >= len(s.ContainerSpecs) {
			return fmt.Errorf("snapshot: containers[%d].spec is %d, there are %d specs", i, c.Spec, len(s.ContainerSpecs))
		}
		if c.Runtime < 0 || c.Runtime >= len(s.Runtimes) {
			return fmt.Errorf("snapshot: containers[%d].runtime is %d, there are %d runtimes", i, c.Runtime, len(s.Runtimes))
		}
	}
	return s.validateWorkloads()
}
