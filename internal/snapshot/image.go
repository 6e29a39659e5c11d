package snapshot

import (
	"slices"
	"strings"
)

// Image is one image: in an engine's store, or one that was named.
type Image struct {
	Scope   string      `json:"scope"`
	ID      string      `json:"id"` // digest of the configuration; of the manifest in the containerd store
	Tags    []string    `json:"tags,omitempty"`
	Digests []string    `json:"digests,omitempty"` // repository digests
	Created string      `json:"created,omitempty"` // RFC 3339
	Size    int64       `json:"size,omitempty"`    // bytes
	User    string      `json:"user,omitempty"`
	UserUID Fact[int64] `json:"userUID"` // User, resolved through the image's own passwd file
	Health  string      `json:"health,omitempty"`
	Env     []Secretish `json:"env,omitempty"`

	Config   Fact[ImageConfig]   `json:"config,omitzero"`
	Contents Fact[ImageContents] `json:"contents,omitzero"`
	Evidence Fact[ImageEvidence] `json:"evidence,omitzero"`
}

// Is reports whether a digest names the image: of its configuration, its manifest,
// or one that a repository gave it.
func (m *Image) Is(digest string) bool {
	return digest != "" && (digest == m.ID || digest == m.Config.V.Manifest ||
		slices.ContainsFunc(m.Digests, func(ref string) bool { return strings.HasSuffix(ref, "@"+digest) }))
}

// ImageConfig is what the configuration and the history of an image say, beside
// the fields of [Image].
type ImageConfig struct {
	Platform string      `json:"platform,omitempty"` // linux/amd64
	Manifest string      `json:"manifest,omitempty"` // digest of the manifest, where one was seen
	Labels   []Secretish `json:"labels,omitempty"`   // sorted by name
	Layers   []string    `json:"layers,omitempty"`   // digests of the unpacked layers, lowest first
	BaseName string      `json:"baseName,omitempty"` // base image by the image's own label; a claim
	BaseHash string      `json:"baseDigest,omitempty"`

	// Steps are the history, oldest first; an image may have none.
	Steps []ImageStep `json:"steps,omitempty"`
}

// ImageStep is one step of the history as facts. Commands and their arguments
// do not enter.
type ImageStep struct {
	Instruction string      `json:"instruction,omitempty"` // RUN, COPY, …; empty when it was not understood
	Values      []Secretish `json:"values,omitempty"`      // assignments, options and words that may be credentials
	Run         *Run        `json:"run,omitempty"`         // of RUN; its line is 0
}

// ImageContents is what the layers hold. Paths are absolute and clean.
type ImageContents struct {
	Layers  int   `json:"layers"`  // read to their end
	Entries int   `json:"entries"` // files, folders and links in all of them
	Bytes   int64 `json:"bytes"`   // unpacked

	// Privileged are files whose program gets more rights than its caller, in the
	// file system that a container sees.
	Privileged []PrivilegedFile    `json:"privileged,omitempty"`
	Secrets    []SecretFile        `json:"secrets,omitempty"`
	Accounts   Fact[ImageAccounts] `json:"accounts"`
	Programs   []string            `json:"programs,omitempty"` // paths of shells, compilers, package managers and network tools, sorted
	Packages   Fact[[]string]      `json:"packages"`           // names from the databases of apk and dpkg, sorted
	Dropped    int                 `json:"dropped,omitempty"`  // further files of the lists above, beyond what is kept
}

// PrivilegedFile is a file with a setuid or setgid bit, or with capabilities.
type PrivilegedFile struct {
	Path  string   `json:"path"`
	Mode  uint32   `json:"mode"` // 07777
	UID   int64    `json:"uid,omitempty"`
	GID   int64    `json:"gid,omitempty"`
	Caps  []string `json:"caps,omitempty"`
	Layer int      `json:"layer"` // from 1, the lowest
}

// SecretFile is a file that holds, or by its name is for, a credential.
type SecretFile struct {
	Path    string `json:"path"`
	What    string `json:"what"`              // private-key, encrypted-key, keystore, aws-credentials, …
	Layer   int    `json:"layer"`             // from 1, the lowest
	Deleted bool   `json:"deleted,omitempty"` // a later layer hides it: whoever has the image has it still
	Named   bool   `json:"named,omitempty"`   // judged by its name; what is in it was not read

	Values []Secretish `json:"values,omitempty"` // of an env-file: its variables, at most 16
}

// ImageAccounts is what matters of the passwd and shadow files of an image.
type ImageAccounts struct {
	Roots        []string `json:"roots,omitempty"`        // accounts with number 0 that are not called root, sorted
	Passwordless []string `json:"passwordless,omitempty"` // accounts that may be entered without a password, sorted
	Count        int      `json:"count"`
}

// ImageEvidence is what others say of an image: reports that were imported, and
// what is attached to it.
type ImageEvidence struct {
	Reports      []ImageReport      `json:"reports,omitempty"`
	Attestations []ImageAttestation `json:"attestations,omitempty"`
	Signatures   []ImageSignature   `json:"signatures,omitempty"`
}

// ImageReport is one report on an image, bound to it by a digest.
type ImageReport struct {
	Tool    string   `json:"tool"` // trivy, grype, cyclonedx
	Source  string   `json:"source"`
	Taken   string   `json:"taken,omitempty"` // RFC 3339; empty when the report does not say
	Digest  string   `json:"digest"`          // by which it names the image
	Flaws   []Flaw   `json:"flaws,omitempty"`
	Counts  []Count  `json:"counts,omitempty"`  // of all flaws, by severity
	Muted   []string `json:"muted,omitempty"`   // flaws that a VEX document says do not affect it, with the justification
	SBOM    bool     `json:"sbom,omitempty"`    // it lists components
	NoFlaws bool     `json:"noFlaws,omitempty"` // it is no report on flaws: a list of components only
	Dropped int      `json:"dropped,omitempty"` // flaws beyond what is kept
}

// Flaw is a known flaw of a package in an image, with a fixed version.
type Flaw struct {
	ID       string `json:"id"`
	Package  string `json:"package"`
	Severity string `json:"severity"` // critical, high, medium, low, negligible, unknown
	Fixed    string `json:"fixed"`    // first version without it
}

// Count is a number under a name.
type Count struct {
	Name  string `json:"name"`
	Fixed int    `json:"fixed"` // of them, those for which a fixed version exists
	Total int    `json:"total"`
}

// ImageAttestation is a statement attached to an image.
type ImageAttestation struct {
	Type     string `json:"type"` // predicate type, or media type of an artifact
	Digest   string `json:"digest"`
	Verified bool   `json:"verified,omitempty"` // signed by a key that was given
	Builder  string `json:"builder,omitempty"`
	Source   string `json:"source,omitempty"`
}

// ImageSignature is one signature that was tried.
type ImageSignature struct {
	Kind     string `json:"kind"` // sigstore-bundle, simple-signing
	Source   string `json:"source"`
	Digest   string `json:"digest"`             // of what it signs
	Verified bool   `json:"verified,omitempty"` // by a key that was given
	Key      string `json:"key,omitempty"`      // file name of the key
	Why      string `json:"why,omitempty"`      // why it was not verified
}
