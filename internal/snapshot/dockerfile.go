package snapshot

// Dockerfile is one recipe of an image, reduced to what can be judged. Nothing
// of it was run. Lines count from 1.
type Dockerfile struct {
	Scope  string     `json:"scope"`
	Path   string     `json:"path"`             // from the root of the scope, with slashes; of an inline one FILE#SERVICE
	File   string     `json:"file"`             // as a person would open it
	Inline bool       `json:"inline,omitempty"` // it stands in a compose file, of which File and lines are
	Parsed Fact[bool] `json:"parsed"`           // Failed: it is not a Dockerfile that BuildKit would take
	Syntax Syntax     `json:"syntax"`           // the frontend that the syntax line names
	Args   []BuildVar `json:"args,omitempty"`   // declared before the first stage
	Stages []Stage    `json:"stages,omitempty"` // in file order; the last one makes the image
	Ignore IgnoreFile `json:"ignore"`
}

// Syntax is the frontend that a build fetches to read the file.
type Syntax struct {
	Ref  string `json:"ref,omitempty"` // "" is the builder's own
	Line int    `json:"line,omitempty"`
}

// Stage is one build stage.
type Stage struct {
	Name       string   `json:"name,omitempty"`
	Base       string   `json:"base"`                 // reference with arguments resolved, a stage's name, or scratch
	From       int      `json:"from"`                 // index of the stage it is built on; -1: an image
	Unresolved []string `json:"unresolved,omitempty"` // arguments in the base that have no value
	Line       int      `json:"line"`

	User   *Located `json:"user,omitempty"`   // the last USER of the stage itself; nil: that of its base
	Health *Located `json:"health,omitempty"` // kind of test: CMD, CMD-SHELL or NONE; nil: that of its base

	Vars []BuildVar `json:"vars,omitempty"`
	Adds []Add      `json:"adds,omitempty"`

	Copies []Copy `json:"copies,omitempty"` // of COPY, those from the build context
	Runs   []Run  `json:"runs,omitempty"`
}

// Located is a value with its line.
type Located struct {
	Value      string `json:"value"`
	Unresolved bool   `json:"unresolved,omitempty"` // it holds an argument without a value
	Line       int    `json:"line"`
}

// BuildVar is a variable that ARG or ENV declares.
type BuildVar struct {
	Instruction string    `json:"instruction"`          // ARG or ENV
	Var         Secretish `json:"var"`                  // its name, and the shape of the value given in the file
	From        string    `json:"from,omitempty"`       // name of the argument that is its whole value
	Unresolved  bool      `json:"unresolved,omitempty"` // it holds an argument without a value
	Line        int       `json:"line"`
}

// Add is one source of an ADD instruction.
type Add struct {
	Kind       string `json:"kind"`                 // url, git, archive or local
	Source     string `json:"source"`               // without credentials and query
	Checksum   bool   `json:"checksum"`             // --checksum, or a commit of a repository
	Unresolved bool   `json:"unresolved,omitempty"` // it holds an argument without a value
	Line       int    `json:"line"`
}

// Copy is one source of a COPY instruction.
type Copy struct {
	Source     string `json:"source"`               // path or pattern in the build context
	Unresolved bool   `json:"unresolved,omitempty"` // it holds an argument without a value
	Line       int    `json:"line"`
}

// Run is one RUN instruction as facts. Commands and their arguments do not enter.
type Run struct {
	Line         int       `json:"line"`
	Updates      []string  `json:"updates,omitempty"` // package managers whose index it updates
	Installs     []Install `json:"installs,omitempty"`
	Unverified   []string  `json:"unverified,omitempty"` // how it runs or installs what nobody verified: "curl | sh", "apt-get --allow-unauthenticated"
	SecretMounts int       `json:"secretMounts,omitempty"`
	Insecure     bool      `json:"insecure,omitempty"` // --security=insecure
	Dynamic      bool      `json:"dynamic,omitempty"`  // variables name packages that it installs
	Opaque       bool      `json:"opaque,omitempty"`   // not all of its commands were understood
}

// Install is one call of a package manager that installs.
type Install struct {
	Manager  string   `json:"manager"`
	Packages int      `json:"packages"`           // named on the command line
	Unpinned []string `json:"unpinned,omitempty"` // those without a version, at most 16
	More     int      `json:"more,omitempty"`     // further ones without a version
	Locked   bool     `json:"locked,omitempty"`   // a lock file or a dated repository fixes the versions
}

// IgnoreFile says what keeps local files out of the build context.
type IgnoreFile struct {
	State   State    `json:"state"`             // Observed, Absent; Skipped where the context is not known
	Path    string   `json:"path,omitempty"`    // from the root of the scope
	Context string   `json:"context,omitempty"` // the folder that is sent, from the root of the scope; . is the root
	Exposed []string `json:"exposed,omitempty"` // files in the context that hold secrets or history and are not excluded, at most 16
}

// FieldLoc is where a file sets a field of a container, under the name that
// evidence has for it and by its paths in [ContainerSpec].
type FieldLoc struct {
	Field      string   `json:"field"`
	Paths      []string `json:"paths,omitempty"`
	Loc        Location `json:"location"`
	Unresolved []string `json:"unresolved,omitempty"` // variables without a value
	Defaults   []string `json:"defaults,omitempty"`   // variables whose default was used
}

// Build is how a compose service builds its image.
type Build struct {
	Context    string `json:"context"`              // from the root of the scope where it lies inside, else absolute; a URL without credentials
	Dockerfile string `json:"dockerfile,omitempty"` // path of the [Dockerfile]; "" is outside
	Wide       string `json:"wide,omitempty"`       // root, home or ancestor: what of the machine the context reaches
	Target     string `json:"target,omitempty"`     // the stage that makes the image; "" is the last one
	Unresolved bool   `json:"unresolved,omitempty"` // the context hangs on a variable without a value

	// Args are the arguments that it hands to the build, and the names only of those
	// that it takes from where it is run.
	Args    []BuildVar `json:"args,omitempty"`
	Secrets []string   `json:"secrets,omitempty"` // names of those it hands to the build as files
	Loc     Location   `json:"location"`
}
