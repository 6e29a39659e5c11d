package snapshot

import "fmt"

// Validate checks what the logic relies on: references resolve, keys are unique
// in their scope, times are set.
func (s *Snapshot) Validate() error {
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
	if s.Taken.IsZero() {
		return fmt.Errorf("snapshot: taken is not set")
	}
	in := func(list string, i int, scope string, kinds ...ScopeKind) error {
		k, ok := scopes[scope]
		for _, want := range kinds {
			if ok && k == want {
				return nil
			}
		}
		return fmt.Errorf("snapshot: %s[%d] names the scope %.100q, which is not one of kind %v here", list, i, scope, kinds)
	}
	if err := s.validateParts(scopes, in); err != nil {
		return err
	}
	if err := s.validateDockerfiles(in); err != nil {
		return err
	}
	return s.validateContainers(in)
}

func (s *Snapshot) validateDockerfiles(in inScope) error {
	type id struct{ scope, path string }
	seen := make(map[id]bool, len(s.Dockerfiles))
	for i := range s.Dockerfiles {
		d := &s.Dockerfiles[i]
		if err := in("dockerfiles", i, d.Scope, ScopeFiles); err != nil {
			return err
		}
		if k := (id{d.Scope, d.Path}); d.Path == "" || seen[k] {
			return fmt.Errorf("snapshot: dockerfiles[%d] has an empty or repeated path %.100q", i, d.Path)
		}
		seen[id{d.Scope, d.Path}] = true
		if n := len(d.Stages); d.Parsed.State == Observed && n == 0 {
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

// inScope reports an error unless an item of a list names a scope of a kind.
type inScope func(list string, i int, scope string, kinds ...ScopeKind) error

func (s *Snapshot) validateParts(scopes map[string]ScopeKind, in inScope) error {
	for i, sc := range s.Scopes {
		if sc.Host == "" {
			continue
		}
		if err := in("scopes", i, sc.Host, ScopeHost); err != nil {
			return err
		}
	}
	for i, p := range s.Parts {
		if _, ok := scopes[p.Scope]; !ok {
			return fmt.Errorf("snapshot: parts[%d] names the unknown scope %.100q", i, p.Scope)
		}
	}
	for i, e := range s.Engines {
		if err := in("engines", i, e.Scope, ScopeEngine); err != nil {
			return err
		}
	}
	for i, h := range s.Hosts {
		if err := in("hosts", i, h.Scope, ScopeHost); err != nil {
			return err
		}
	}
	for i, f := range s.Files {
		if err := in("files", i, f.Scope, ScopeHost); err != nil {
			return err
		}
		if f.Engine != "" {
			if err := in("files", i, f.Engine, ScopeEngine); err != nil {
				return err
			}
		}
	}
	for i, l := range s.Listeners {
		if err := in("listeners", i, l.Scope, ScopeEngine); err != nil {
			return err
		}
	}
	return nil
}

func (s *Snapshot) validateContainers(in inScope) error {
	type id struct{ scope, key string }
	seen := make(map[id]bool, len(s.Containers))
	for i := range s.Containers {
		c := &s.Containers[i]
		if err := in("containers", i, c.Scope, ScopeEngine, ScopeFiles); err != nil {
			return err
		}
		if c.Spec < 0 || c.Spec >= len(s.ContainerSpecs) {
			return fmt.Errorf("snapshot: containers[%d].spec is %d, there are %d specs", i, c.Spec, len(s.ContainerSpecs))
		}
		if c.Runtime < 0 || c.Runtime >= len(s.Runtimes) {
			return fmt.Errorf("snapshot: containers[%d].runtime is %d, there are %d runtimes", i, c.Runtime, len(s.Runtimes))
		}
		if k := (id{c.Scope, c.Key}); c.Key == "" || seen[k] {
			return fmt.Errorf("snapshot: containers[%d] has an empty or repeated key %.100q", i, c.Key)
		}
		seen[id{c.Scope, c.Key}] = true
	}
	return nil
}
