package snapshot

import (
	"fmt"
	"slices"
	"strings"
)

// AuditField names the field of a host that says whether the audit system
// watches a path: "audit " and the canonical path. Its values are "" and the
// permissions that are recorded, such as wa.
func AuditField(path string) string { return auditField + path }

const auditField = "audit "

// AuditPath returns the path that an audit field is about.
func AuditPath(field string) (string, bool) { return strings.CutPrefix(field, auditField) }

// Watch is the rule that records what is done to a path, as the kernel returns
// it.
func Watch(path string, dir bool, perm string) AuditRule {
	r := AuditRule{Filter: "exit", Action: "always", Perm: perm}
	if dir {
		r.Dir = path
	} else {
		r.Path = path
	}
	return r
}

// watches reports whether a rule is a watch of nothing but the path, and what it
// records.
func (r *AuditRule) watches(path string) (perm string, ok bool) {
	same := r.Path == path && r.Dir == "" || r.Dir == path && r.Path == ""
	return r.Perm, same && r.Filter == "exit" && r.Action == "always" && !r.Calls && len(r.Narrow) == 0
}

// Watched returns what a set of rules records of a path by a watch of its own;
// "" is nothing.
func (a *AuditState) Watched(path string) string {
	for i := range a.Rules {
		if perm, ok := a.Rules[i].watches(path); ok {
			return perm
		}
	}
	return ""
}

func (o *Overlay) audit(scope, field string) (path string, host int, err error) {
	path, ok := AuditPath(field)
	if !ok {
		return "", 0, fmt.Errorf("host has no field %.100q that can be changed", field)
	}
	hosts := o.Snapshot().Hosts
	i := slices.IndexFunc(hosts, func(h Host) bool { return h.Scope == scope })
	if i < 0 || !hosts[i].Audit.Kernel.Known() {
		return "", 0, fmt.Errorf("the audit rules of scope %.100q are not known", scope)
	}
	return path, i, nil
}

func (o *Overlay) getAudit(scope, _, field string) (string, error) {
	path, i, err := o.audit(scope, field)
	if err != nil {
		return "", err
	}
	return o.Snapshot().Hosts[i].Audit.Kernel.V.Watched(path), nil
}

func (o *Overlay) setAudit(scope, _, field, value string) error {
	path, i, err := o.audit(scope, field)
	if err != nil {
		return err
	}
	o.own()
	h := &o.out.Hosts[i]
	dir := slices.ContainsFunc(o.out.Files, func(f File) bool {
		return f.Scope == scope && f.Type == "dir" && (f.Real == path || f.Real == "" && f.Path == path)
	})
	for _, state := range []*Fact[AuditState]{&h.Audit.Kernel, &h.Audit.Files} {
		if state != &h.Audit.Kernel && !state.Known() {
			continue
		}
		state.V.Rules = slices.DeleteFunc(slices.Clone(state.V.Rules), func(r AuditRule) bool {
			perm, ok := r.watches(path)
			return ok && perm != value
		})
		if value != "" && state.V.Watched(path) == "" {
			state.V.Rules = append(state.V.Rules, Watch(path, dir, value))
		}
	}
	return nil
}
