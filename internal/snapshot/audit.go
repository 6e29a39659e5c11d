package snapshot

// Audit is the Linux audit system of a host.
type Audit struct {
	// Kernel is what the kernel does now; Absent when it was built without.
	Kernel Fact[AuditState] `json:"kernel,omitzero"`

	// Files is what the rule files ask for at the next start of auditd.
	Files Fact[AuditState] `json:"files,omitzero"`

	// Shipping is what may take records to another machine.
	Shipping Fact[Shipping] `json:"shipping,omitzero"`
}

// AuditState is a set of rules and whether it is in force.
type AuditState struct {
	Enabled bool        `json:"enabled"`
	Locked  bool        `json:"locked,omitempty"` // no change until the next start of the machine
	Rules   []AuditRule `json:"rules,omitempty"`  // in the order they are asked in
}

// AuditRule is what matters of one rule for the files of an engine.
type AuditRule struct {
	Filter string `json:"filter"`         // exit, task, user, exclude, filesystem
	Action string `json:"action"`         // always, never
	Path   string `json:"path,omitempty"` // one file, its directory without symbolic links
	Dir    string `json:"dir,omitempty"`  // a directory and everything below
	Perm   string `json:"perm,omitempty"` // of rwxa; empty when the rule names none

	// Calls says that the rule is about some system calls only.
	Calls bool `json:"calls,omitempty"`

	// Narrow names further fields that must match too, sorted: auid, success.
	Narrow []string `json:"narrow,omitempty"`
}

// Shipping is what may take log records to another machine.
type Shipping struct {
	Running    []string `json:"running,omitempty"`    // loggers and agents among the processes, sorted
	Plugins    []string `json:"plugins,omitempty"`    // active plugins of auditd, by the name of their file, sorted
	Forwarders []string `json:"forwarders,omitempty"` // loggers whose configuration names another machine, sorted
}
