package snapshot

import "time"

// Swarm is what an engine knows of the swarm that it is a node of. All but the
// node's own fields is known to managers only. Join tokens, the unlock key, and
// the content of secrets and configurations never enter.
type Swarm struct {
	NodeID   string `json:"nodeID,omitempty"`
	NodeAddr string `json:"nodeAddr,omitempty"` // the address that it advertises
	Manager  bool   `json:"manager,omitempty"`  // it may be asked about the swarm
	Error    bool   `json:"error,omitempty"`    // the engine reports that something is wrong; what is not kept

	ID               string        `json:"id,omitempty"`
	Created          time.Time     `json:"created,omitzero"`
	Updated          time.Time     `json:"updated,omitzero"` // of its specification or its join tokens, whichever came last
	AutoLock         bool          `json:"autoLock,omitempty"`
	NodeCertExpiry   int64         `json:"nodeCertExpiry,omitempty"`   // seconds a certificate of a node is valid; 0 is the engine's default
	RootCertificates []Certificate `json:"rootCertificates,omitempty"` // those that nodes trust; several while they are being rotated
	RootRotation     bool          `json:"rootRotation,omitempty"`     // a rotation is under way
	ExternalCAs      int           `json:"externalCAs,omitempty"`      // authorities elsewhere that sign certificates of nodes

	Raft  SwarmRaft   `json:"raft,omitzero"`
	Nodes []SwarmNode `json:"nodes,omitempty"` // sorted by ID

	// Services, and Secrets and Configs by name, belong to the part engine.services.
	Services []SwarmService `json:"services,omitempty"` // sorted by name
	Secrets  []string       `json:"secrets,omitempty"`
	Configs  []string       `json:"configs,omitempty"`

	Addresses Fact[SwarmAddresses] `json:"addresses,omitzero"`
}

// SwarmRaft is how the managers keep their common state.
type SwarmRaft struct {
	SnapshotInterval int64 `json:"snapshotInterval,omitempty"` // entries of the log between two snapshots
	KeepOldSnapshots int64 `json:"keepOldSnapshots,omitempty"`
	ElectionTick     int64 `json:"electionTick,omitempty"` // ticks without a leader until an election
	HeartbeatTick    int64 `json:"heartbeatTick,omitempty"`
}

// Certificate is what is used of an X.509 certificate.
type Certificate struct {
	Subject   string    `json:"subject"` // its common name
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
}

// SwarmNode is one member of a swarm.
type SwarmNode struct {
	ID           string `json:"id"`
	Hostname     string `json:"hostname"`
	Role         string `json:"role"`         // manager, worker: as asked for
	Availability string `json:"availability"` // active, pause, drain
	State        string `json:"state"`        // ready, down, unknown, disconnected
	Addr         string `json:"addr,omitempty"`
	Engine       string `json:"engine,omitempty"` // its version

	// Of a manager; empty for a worker.
	Leader       bool   `json:"leader,omitempty"`
	Reachability string `json:"reachability,omitempty"` // reachable, unreachable, unknown
	ManagerAddr  string `json:"managerAddr,omitempty"`
}

// SwarmService is what a service makes of its tasks.
type SwarmService struct {
	ID            string        `json:"id"`
	Name          string        `json:"name"`
	Mode          string        `json:"mode"`               // replicated, global, replicated-job, global-job
	Replicas      int64         `json:"replicas,omitempty"` // of the replicated modes
	Image         string        `json:"image"`
	Env           []Secretish   `json:"env,omitempty"`
	Secrets       []string      `json:"secrets,omitempty"` // names, sorted
	Configs       []string      `json:"configs,omitempty"` // likewise
	RestartPolicy RestartPolicy `json:"restartPolicy"`
	Memory        int64         `json:"memory,omitempty"`   // limit in bytes; 0 is none
	NanoCPUs      int64         `json:"nanoCPUs,omitempty"` // limit
	Pids          int64         `json:"pids,omitempty"`     // limit
	Ports         []SwarmPort   `json:"ports,omitempty"`
}

// SwarmPort is a port that a service publishes.
type SwarmPort struct {
	Proto     string `json:"proto"`
	Target    uint16 `json:"target"`
	Published uint16 `json:"published,omitempty"` // 0: the swarm chooses
	Mode      string `json:"mode"`                // ingress: on every node; host: where a task runs
}

// SwarmAddresses are the addresses that this node was given when it joined. Only
// the engine's own state file has them.
type SwarmAddresses struct {
	Listen    string `json:"listen"`             // address and port
	Advertise string `json:"advertise"`          // likewise
	DataPath  string `json:"dataPath,omitempty"` // "": containers' traffic takes the advertised one
}

// InSwarm reports whether the engine said that it is a node of a swarm, be it
// one that is locked or in trouble.
func (e *Engine) InSwarm() bool { return e.Swarm != "" && e.Swarm != "inactive" }
