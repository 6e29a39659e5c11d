package snapshot

import (
	"fmt"
	"slices"
	"strings"
)

// AuditField names the field of a host that says whether a watch of the audit
// system records changes of a path: "audit " and the canonical path. Its values
// are "" and [AuditPerm].
func AuditField(path string) string { return auditField + path }

const auditField = "audit "

// AuditPerm is what a watch records: writing, and changes of attributes.
const AuditPerm = "wa"

// AuditPath returns the path that an audit field is about.
func AuditPath(field string) (string, bool) { return strings.CutPrefix(field, auditField) }

// watches reports whether a rule is a watch of nothing but the path, for what
// [AuditPerm] says.
func (r *AuditRule) watches(path string) bool {
	same := r.Path == path && r.Dir == "" || r.Dir == path && r.Path == ""
	return same && r.Filter == "exit" && r.Action == "always" && r.Perm == AuditPerm && !r.Calls && len(r.Narrow) == 0
}

// Watched is the value of a path's audit field in a set of rules.
func (a *AuditState) Watched(path string) string {
	if slices.ContainsFunc(a.Rules, func(r AuditRule) bool { return r.watches(path) }) {
		return AuditPerm
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
	rule := AuditRule{Filter: "exit", Action: "always", Perm: value, Path: path}
	if slices.ContainsFunc(o.out.Files, func(f File) bool {
		return f.Scope == scope && f.Type == "dir" && (f.Real == path || f.Real == "" && f.Path == path)
	}) {
		rule.Path, rule.Dir = "", path
	}
	for _, state := range []*Fact[AuditState]{&h.Audit.Kernel, &h.Audit.Files} {
		if !state.Known() {
			continue
		}
		state.V.Rules = slices.DeleteFunc(slices.Clone(state.V.Rules), func(r AuditRule) bool { return r.watches(path) })
		if value != "" {
			state.V.Rules = append(state.V.Rules, rule)
		}
	}
	return nil
}
