package snapshot

import "time"

// Registry is one registry of the distribution API, as it answered without a
// login, and its configuration where it runs on the collecting machine.
type Registry struct {
	Scope     string   `json:"scope"`               // a registry scope
	Address   string   `json:"address"`             // host:port
	Addresses []string `json:"addresses,omitempty"` // IP addresses that the name stands for, sorted
	Product   string   `json:"product,omitempty"`   // distribution, harbor, gitlab, nexus; empty when nothing tells
	Sure      bool     `json:"sure,omitempty"`      // the product names itself; else its manner of answering suggests it
	Version   string   `json:"version,omitempty"`   // that it reports, or that the program on this machine carries
	Console   bool     `json:"console,omitempty"`   // its root answers with a web page

	API     Fact[RegistryAPI]     `json:"api"`
	Content Fact[RegistryContent] `json:"content"`
	Token   Fact[RegistryToken]   `json:"token,omitzero"`
	Debug   Fact[RegistryDebug]   `json:"debug,omitzero"`
	Probe   Fact[RegistryProbe]   `json:"probe,omitzero"`
	Config  Fact[RegistryConfig]  `json:"config,omitzero"`
}

// RegistryAPI is what GET /v2/ gave to a caller without a login.
type RegistryAPI struct {
	TLS        *RegistryTLS        `json:"tls,omitempty"`    // nil: it does not speak TLS at this port
	Plain      []string            `json:"plain,omitempty"`  // host:port that answer the API in clear
	Status     int                 `json:"status"`           // HTTP status
	Millis     int64               `json:"millis"`           // time to the answer
	Health     int                 `json:"health,omitempty"` // HTTP status of the product's health address; 0: it has none that is known
	Challenges []RegistryChallenge `json:"challenges,omitempty"`
}

// RegistryTLS is the TLS side of a registry.
type RegistryTLS struct {
	Version    string    `json:"version"`              // negotiated: 1.2, 1.3
	Oldest     string    `json:"oldest,omitempty"`     // the oldest version below 1.2 that it accepts too; empty: none
	Trusted    bool      `json:"trusted,omitempty"`    // chain and name hold against the machine's roots and certs.d
	Why        string    `json:"why,omitempty"`        // why not: self-signed, unknown-authority, expired, wrong-name, invalid
	Pinned     bool      `json:"pinned,omitempty"`     // certs.d of this machine has an authority for it
	NotAfter   time.Time `json:"notAfter,omitzero"`    // of the certificate that it showed
	SelfSigned bool      `json:"selfSigned,omitempty"` // that certificate is its own issuer
}

// RegistryChallenge is one WWW-Authenticate line.
type RegistryChallenge struct {
	Scheme  string `json:"scheme"`            // basic, bearer
	Realm   string `json:"realm,omitempty"`   // scheme://host:port of a token service, without path and query
	Service string `json:"service,omitempty"` // of a token service
}

// RegistryContent is what can be read without a login.
type RegistryContent struct {
	Catalog int             `json:"catalog"`           // HTTP status of GET /v2/_catalog
	Listed  int             `json:"listed,omitempty"`  // repositories in the answer's first page
	Repos   []RegistryRepo  `json:"repos,omitempty"`   // the first few of them
	Blobs   int             `json:"blobs,omitempty"`   // small blobs that were read and hashed
	Corrupt []string        `json:"corrupt,omitempty"` // REPOSITORY@DIGEST of those that did not match
	Foreign []string        `json:"foreign,omitempty"` // REPOSITORY of manifests with layers at other addresses
	Running []RegistryImage `json:"running,omitempty"` // images in use on the engines of the snapshot that come from here
}

// RegistryRepo is one repository, asked for without a login.
type RegistryRepo struct {
	Name     string `json:"name"`
	Tags     int    `json:"tags"`               // HTTP status of the list of tags
	Manifest int    `json:"manifest,omitempty"` // HTTP status of HEAD for the first tag; 0: not asked
}

// RegistryImage is one image in use.
type RegistryImage struct {
	Repo   string `json:"repo"`
	Digest string `json:"digest"`
	Status int    `json:"status"` // HTTP status of HEAD for its manifest
}

// RegistryToken is what the token service of the registry's own host issued to
// a caller without a login who asked to pull one made-up repository.
type RegistryToken struct {
	Status  int      `json:"status"`
	Opaque  bool     `json:"opaque,omitempty"`  // the token shows no claims
	Grants  []string `json:"grants,omitempty"`  // repository:NAME:ACTIONS, at most 16
	Wider   bool     `json:"wider,omitempty"`   // something that was not asked for
	Seconds int64    `json:"seconds,omitempty"` // life of it
}

// RegistryDebug is what answered at the usual port of the debug server.
type RegistryDebug struct {
	Address string `json:"address"` // host:port that was asked
	Open    bool   `json:"open,omitempty"`
	Health  int    `json:"health,omitempty"` // HTTP status of /debug/health
}

// RegistryProbe is what --probe found out, and what it left behind.
type RegistryProbe struct {
	Push      int      `json:"push"`                // HTTP status of opening an upload without a login
	Delete    int      `json:"delete"`              // HTTP status of deleting a manifest that does not exist
	Overwrite string   `json:"overwrite,omitempty"` // of a tag: done, refused; empty: not tried, see Why
	Tag       string   `json:"tag,omitempty"`       // that was tried
	Deleted   string   `json:"deleted,omitempty"`   // of what was pushed: done, refused; empty: not tried
	Default   int      `json:"default,omitempty"`   // HTTP status of a login with the product's published password; 0: not tried
	Why       string   `json:"why,omitempty"`       // why something was not tried
	Left      []string `json:"left,omitempty"`      // what could not be undone
}

// RegistryConfig is the configuration of a registry that runs on the machine:
// its file, with the variables of its process on top.
type RegistryConfig struct {
	Path      string          `json:"path"`
	Exe       string          `json:"exe"`
	Package   string          `json:"package,omitempty"` // name and version of the distribution package that has the program
	UID       int64           `json:"uid"`               // that it runs as
	Mode      uint32          `json:"mode"`
	Owner     int64           `json:"owner"`               // of the file
	Later     bool            `json:"later,omitempty"`     // the file was changed after the process began, which reads it then only
	Overrides []string        `json:"overrides,omitempty"` // names of variables of the process that change it, sorted
	Auth      []string        `json:"auth,omitempty"`      // htpasswd, token, silly, …; sorted
	Htpasswd  Fact[Htpasswd]  `json:"htpasswd,omitzero"`
	TLS       bool            `json:"tls,omitempty"`
	MinTLS    string          `json:"minTLS,omitempty"`
	Secret    Secretish       `json:"secret"`           // http.secret
	Sample    bool            `json:"sample,omitempty"` // which is one of the documentation's
	Delete    bool            `json:"delete,omitempty"`
	ReadOnly  bool            `json:"readOnly,omitempty"`
	Debug     string          `json:"debug,omitempty"`    // http.debug.addr
	Notified  int             `json:"notified,omitempty"` // endpoints of notifications that are not switched off
	NoAccess  bool            `json:"noAccess,omitempty"` // the access log is switched off
	Driver    string          `json:"driver,omitempty"`   // of the storage
	Storage   Fact[Directory] `json:"storage,omitzero"`   // the folder of the filesystem driver
	Foreign   string          `json:"foreign"`            // layers at other addresses: denied, listed, allowed
	Health    bool            `json:"health,omitempty"`   // the storage's health is watched
	Proxy     bool            `json:"proxy,omitempty"`    // a pull-through cache
	Fields    []FieldLoc      `json:"fields,omitempty"`   // in files: where it sets what
}

// Htpasswd is a file of passwords.
type Htpasswd struct {
	Entries int    `json:"entries"`
	Weak    int    `json:"weak,omitempty"` // not hashed by bcrypt
	Mode    uint32 `json:"mode"`
}
