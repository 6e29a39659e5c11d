package snapshot

// Client is the Docker command's configuration of one account.
type Client struct {
	Scope  string `json:"scope"` // a host, or the files that were named
	User   string `json:"user"`  // in files, what is there of it
	UID    int64  `json:"uid"`
	Dir    string `json:"dir"` // usually ~/.docker
	State  State  `json:"state"`
	Reason Reason `json:"reason,omitempty"`

	Loc *Location `json:"location,omitempty"` // in files

	Config   Fact[ClientConfig]    `json:"config,omitzero"`
	Contexts Fact[[]ClientContext] `json:"contexts,omitzero"`
	Files    []ClientFile          `json:"files,omitempty"` // the folder and what is in it that counts, sorted by path
	Plugins  Fact[[]ClientFile]    `json:"plugins,omitzero"`
	Vars     Fact[[]ClientVar]     `json:"vars,omitzero"`
	Desktop  Fact[Desktop]         `json:"desktop,omitzero"`
}

// ClientConfig is what config.json says. Secrets do not enter.
type ClientConfig struct {
	Logins  []ClientLogin  `json:"logins,omitempty"`
	Store   *ClientHelper  `json:"store,omitempty"`   // credsStore
	Helpers []ClientHelper `json:"helpers,omitempty"` // credHelpers
	Proxies []Secretish    `json:"proxies,omitempty"`
	Headers []Secretish    `json:"headers,omitempty"` // HttpHeaders
	Current string         `json:"current,omitempty"` // currentContext
	Dirs    []string       `json:"dirs,omitempty"`    // cliPluginsExtraDirs
}

// ClientLogin is one entry of auths.
type ClientLogin struct {
	Registry string      `json:"registry"`
	Secrets  []Secretish `json:"secrets,omitempty"`  // what the file itself holds: auth, password, identitytoken, registrytoken
	Loc      *Location   `json:"location,omitempty"` // in files
}

// ClientHelper is a program that keeps logins.
type ClientHelper struct {
	Registry string    `json:"registry,omitempty"` // of a helper
	Name     string    `json:"name"`
	Found    string    `json:"found,omitempty"`    // the program; empty: in none of the usual folders
	Loc      *Location `json:"location,omitempty"` // in files
}

// ClientContext is one stored context, or the one that variables describe.
type ClientContext struct {
	Name     string `json:"name"`
	Endpoint string `json:"endpoint,omitempty"` // scheme://host:port or unix:///path, without a user
	SkipTLS  bool   `json:"skipTLS,omitempty"`
	TLS      bool   `json:"tls,omitempty"` // an authority to verify the engine by
	Key      bool   `json:"key,omitempty"` // a key of its own
	Unread   bool   `json:"unread,omitempty"`
	HostKeys string `json:"hostKeys,omitempty"` // ssh: StrictHostKeyChecking of the user's and the machine's configuration: no, off, accept-new, ask, yes; empty when neither sets it

	Loc *Location `json:"location,omitempty"` // in files
}

// ClientFile is a file that the Docker command reads or runs.
type ClientFile struct {
	Path    string      `json:"path"`
	Role    string      `json:"role"` // dir, config, context, ca, cert, key, plugins, plugin
	State   State       `json:"state"`
	Reason  Reason      `json:"reason,omitempty"`
	Type    string      `json:"type,omitempty"`
	Mode    uint32      `json:"mode"`
	UID     int64       `json:"uid"`
	GID     int64       `json:"gid"`
	Parents []Directory `json:"parents,omitempty"` // of a plugin
}

// ClientVar is an assignment of a variable that steers the Docker command.
type ClientVar struct {
	Name     string    `json:"name"`
	Source   string    `json:"source"` // a file, or "environment" for that of this process
	Line     int       `json:"line,omitempty"`
	Endpoint string    `json:"endpoint,omitempty"` // of DOCKER_HOST and DOCKER_CONTENT_TRUST_SERVER, without user and path; the name of DOCKER_CONTEXT
	On       bool      `json:"on,omitempty"`       // DOCKER_CONTENT_TRUST, DOCKER_TLS_VERIFY: it switches on
	Dynamic  bool      `json:"dynamic,omitempty"`  // the shell computes it
	Value    Secretish `json:"value"`
}

// Desktop is an installation of Docker Desktop.
type Desktop struct {
	Version   string `json:"version,omitempty"`
	Settings  string `json:"settings,omitempty"` // the file that was read
	TCP       Tri    `json:"tcp,omitempty"`      // the engine's API on localhost
	Isolation Tri    `json:"isolation,omitempty"`
	Locked    bool   `json:"locked,omitempty"` // an administrator's settings decide the isolation
}

// Tri is a setting that may be unknown.
type Tri string

// The settings.
const (
	TriUnknown Tri = ""
	TriOn      Tri = "on"
	TriOff     Tri = "off"
)
