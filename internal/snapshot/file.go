package snapshot

import "slices"

// FileRole says why a file is in the snapshot.
type FileRole string

// The roles of files.
const (
	RoleEngineSocket  FileRole = "engine-socket"  // an API socket of a Docker engine
	RoleRuntimeSocket FileRole = "runtime-socket" // containerd, CRI-O, Podman, BuildKit

	// What decides how the engine starts. A file of several roles has the first.
	RoleServiceUnit      FileRole = "service-unit" // docker.service, its drop-ins and environment files
	RoleSocketUnit       FileRole = "socket-unit"  // docker.socket and its drop-ins
	RoleDefaults         FileRole = "defaults"     // /etc/default/docker
	RoleSysconfig        FileRole = "sysconfig"    // /etc/sysconfig/docker
	RoleEngineDir        FileRole = "engine-dir"   // /etc/docker
	RoleEngineConfig     FileRole = "engine-config"
	RoleContainerdConfig FileRole = "containerd-config"

	// What an identity rests on.
	RoleTLSCA        FileRole = "tls-ca" // of the engine's TCP socket
	RoleTLSCert      FileRole = "tls-cert"
	RoleTLSKey       FileRole = "tls-key"
	RoleRegistryCert FileRole = "registry-cert" // a certificate below /etc/docker/certs.d
	RoleRegistryKey  FileRole = "registry-key"  // a client's key there
	RoleSubIDs       FileRole = "subordinate-ids"

	// Where the engine keeps its state.
	RoleDataRoot       FileRole = "data-root"
	RoleContainerdRoot FileRole = "containerd-root"
	RoleRuntimeDir     FileRole = "runtime-dir" // /run/containerd

	// The programs it runs.
	RoleEngineBinary     FileRole = "engine-binary"
	RoleContainerdBinary FileRole = "containerd-binary"
	RoleShimBinary       FileRole = "shim-binary"
	RoleRuntimeBinary    FileRole = "runtime-binary" // an OCI runtime
)

// File is a host file, seen in the host's mount namespace.
type File struct {
	Scope  string `json:"scope"`            // a host scope
	Engine string `json:"engine,omitempty"` // the engine scope it belongs to

	// Cluster is the cluster scope of a file that belongs to a node; its subject
	// is then a node-file. A path that an engine needs too has a second line.
	Cluster string   `json:"cluster,omitempty"`
	Path    string   `json:"path"`
	Role    FileRole `json:"role"`
	State   State    `json:"state"`
	Reason  Reason   `json:"reason,omitempty"`
	Chain   []string `json:"chain,omitempty"` // symbolic links followed, in order
	Real    string   `json:"real,omitempty"`
	Type    string   `json:"type,omitempty"` // file, dir, socket, symlink, device, fifo
	// Mode, UID and GID are meaningful only when State is Observed; then one that
	// is left out is 0.
	Mode    uint32           `json:"mode,omitempty"` // permission bits with setuid, setgid and sticky: 07777
	UID     int64            `json:"uid,omitempty"`
	GID     int64            `json:"gid,omitempty"`
	Dev     uint64           `json:"dev,omitempty"`
	Ino     uint64           `json:"ino,omitempty"`
	ACL     Fact[[]ACL]      `json:"acl"`
	Parents []Directory      `json:"parents,omitempty"` // of the real path, innermost first, up to /; then those of links followed that are not among them
	Volume  Fact[Filesystem] `json:"volume,omitzero"`   // of the data roots only
	Also    []FileRole       `json:"also,omitempty"`    // further roles of a file of a node
	Pod     string           `json:"pod,omitempty"`     // of the manifest of a static pod: NAMESPACE/NAME
	Key     string           `json:"key,omitempty"`     // hash of the public half of the key or certificate in a PKI file
	Digest  string           `json:"digest,omitempty"`  // sha256 of the content, of some files of a node that hold no secret
}

// ACL is one entry of a POSIX access list beside owner, group and other.
type ACL struct {
	Kind string `json:"kind"` // user, group, mask
	ID   int64  `json:"id"`   // numeric; -1 for mask
	Perm uint8  `json:"perm"` // rwx bits
}

// Directory is a parent of a file.
type Directory struct {
	Path string `json:"path"`
	Mode uint32 `json:"mode"` // 07777
	UID  int64  `json:"uid"`
	GID  int64  `json:"gid"`
	Dev  uint64 `json:"dev,omitempty"`
	Ino  uint64 `json:"ino,omitempty"`
}

// Filesystem is what a directory lies on.
type Filesystem struct {
	Mount      string `json:"mount"`      // mount point
	Device     string `json:"device"`     // major:minor of the file system, the same for all subvolumes of one
	RootDevice string `json:"rootDevice"` // of the file system on /
	Type       string `json:"type,omitempty"`
	Bytes      int64  `json:"bytes"` // in all
	Free       int64  `json:"free"`  // bytes that are free for programs without privilege
	Inodes     int64  `json:"inodes,omitempty"`
	FreeInodes int64  `json:"freeInodes,omitempty"` // both 0 where the file system has no fixed number
}

// Is reports whether a file is in the snapshot for one of the roles.
func (f *File) Is(roles ...FileRole) bool {
	return slices.Contains(roles, f.Role) || slices.ContainsFunc(f.Also, func(r FileRole) bool { return slices.Contains(roles, r) })
}
