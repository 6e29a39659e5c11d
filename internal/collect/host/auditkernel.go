package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"plimsoll/internal/snapshot"
)

// Sizes and numbers of the kernel's audit interface (linux/audit.h). Numbers are
// in the machine's byte order.
const (
	auditGet       = 1000
	auditListRules = 1013

	auditHeader = 12 + 64*4 + 3*64*4 + 4 // struct audit_rule_data without its text
	auditFields = 64
)

// auditFilters and auditActions by their numbers.
var (
	auditFilters = map[uint32]string{0: "user", 1: "task", 4: "exit", 5: "exclude", 6: "filesystem", 7: "io_uring"}
	auditActions = map[uint32]string{0: "never", 2: "always"}
)

// The fields of a rule that are looked at. Fields whose value is a text take it
// from the end of the message.
const (
	fieldArch  = 11
	fieldWatch = 105
	fieldPerm  = 106
	fieldDir   = 107
	fieldKey   = 210
)

// auditTexts are the other fields with a text: security labels and the program.
var auditTexts = []uint32{13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 112}

// auditNames are names of fields that commonly narrow a rule.
var auditNames = map[uint32]string{
	0: "pid", 1: "uid", 2: "euid", 5: "gid", 6: "egid", 9: "auid", 12: "msgtype", 13: "subj_user", 14: "subj_role", 15: "subj_type", 18: "ppid", 24: "auid",
	25: "sessionid", 100: "devmajor", 101: "devminor", 102: "inode", 103: "exit", 104: "success", 108: "filetype", 109: "obj_uid", 110: "obj_gid", 112: "exe",
}

var errAuditRule = errors.New("a rule of the kernel is not of the known form")

// parseAuditStatus reads the answer to AUDIT_GET.
func parseAuditStatus(b []byte) (enabled, locked bool, err error) {
	if len(b) < 8 {
		return false, false, fmt.Errorf("audit status of %d bytes", len(b))
	}
	n := binary.NativeEndian.Uint32(b[4:])
	return n > 0, n == 2, nil
}

// parseAuditRule reads one rule of the answer to AUDIT_LIST_RULES.
func parseAuditRule(b []byte) (snapshot.AuditRule, error) {
	var r snapshot.AuditRule
	if len(b) < auditHeader {
		return r, errAuditRule
	}
	word := func(i int) uint32 { return binary.NativeEndian.Uint32(b[4*i:]) }
	const prepend = 0x10
	r.Filter, r.Action = auditFilters[word(0)&^prepend], auditActions[word(1)]
	count := word(2)
	if r.Filter == "" || r.Action == "" || count > auditFields {
		return r, errAuditRule
	}
	for i := range 64 { // the last word of the mask stands for classes of calls
		if i < 63 && word(3+i) != 0xffffffff {
			r.Calls = true
		}
	}
	texts := string(b[auditHeader:])
	for i := range int(count) {
		field, value, op := word(67+i), word(131+i), word(195+i)
		text := ""
		if field == fieldWatch || field == fieldDir || field == fieldKey || slices.Contains(auditTexts, field) {
			if uint64(value) > uint64(len(texts)) {
				return r, errAuditRule
			}
			text, texts = texts[:value], texts[value:]
		}
		auditField(&r, field, value, op, text)
	}
	slices.Sort(r.Narrow)
	r.Narrow = slices.Compact(r.Narrow)
	return r, nil
}

// auditField takes in one field of a kernel's rule.
func auditField(r *snapshot.AuditRule, field, value, op uint32, content string) {
	const equal, wide = 0x40000000, 0x80000000 // wide: an architecture of 64 bits
	switch {
	case field == fieldKey:
	case field == fieldWatch && op == equal:
		r.Path = cleanPath(content)
	case field == fieldDir && op == equal:
		r.Dir = cleanPath(content)
	case field == fieldPerm && op == equal:
		for i, c := range "xwra" {
			if value&(1<<i) != 0 {
				r.Perm += string(c)
			}
		}
		r.Perm = permissions(r.Perm)
	case field == fieldArch && op == equal && value&wide != 0:
	default:
		name := auditNames[field]
		if name == "" {
			name = fmt.Sprintf("field %d", field)
		}
		r.Narrow = append(r.Narrow, name)
	}
}
