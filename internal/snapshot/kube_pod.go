package snapshot

// PodSpec is what a pod, or a template of pods, asks for, as written but for what
// the API server would default in the same way everywhere. Workloads and pods with
// equal specifications share one. What it comes to (contexts joined, capabilities
// resolved, limits inherited) is worked out by package podspec.
type PodSpec struct {
	OS           string `json:"os,omitempty"` // spec.os.name: linux, windows; empty when not said
	HostNetwork  bool   `json:"hostNetwork,omitempty"`
	HostPID      bool   `json:"hostPID,omitempty"`
	HostIPC      bool   `json:"hostIPC,omitempty"`
	HostUsers    *bool  `json:"hostUsers,omitempty"` // false: a user namespace of its own
	ShareProcess bool   `json:"shareProcess,omitempty"`

	ServiceAccount string   `json:"serviceAccount"`          // default when not said
	Automount      *bool    `json:"automount,omitempty"`     // of the pod; nil: the account decides
	PullSecrets    []string `json:"pullSecrets,omitempty"`   // names
	RuntimeClass   string   `json:"runtimeClass,omitempty"`  //
	PriorityClass  string   `json:"priorityClass,omitempty"` //
	Scheduler      string   `json:"scheduler,omitempty"`     // empty: the default one
	RestartPolicy  string   `json:"restartPolicy"`           // Always, OnFailure, Never

	DNSPolicy   string   `json:"dnsPolicy,omitempty"`   // empty: ClusterFirst
	Nameservers []string `json:"nameservers,omitempty"` // of dnsConfig
	HostAliases []string `json:"hostAliases,omitempty"` // IP=name,name

	NodeName     string       `json:"nodeName,omitempty"` // in a template or a pod of a file only; where a pod runs is in its row
	NodeSelector []Pair       `json:"nodeSelector,omitempty"`
	Affinity     []NodeDemand `json:"affinity,omitempty"` // required node affinity, flattened
	Tolerations  []Toleration `json:"tolerations,omitempty"`
	Spread       []string     `json:"spread,omitempty"` // topology keys over which replicas are kept apart, by anti-affinity or spread constraints

	Security   SecurityContext `json:"security"` // of the pod
	Resources  *Demands        `json:"resources,omitempty"`
	Volumes    []PodVolume     `json:"volumes,omitempty"`
	Containers []PodContainer  `json:"containers"` // of every list, in the order init, app, ephemeral

	// Unread names the fields above that were not understood or hang on a value that
	// only rendering would give, by their path in JSON, or is [AllUnread].
	Unread []string `json:"unread,omitempty"`
}

// PodContainerKind says which list a container is in.
type PodContainerKind string

// The kinds of containers of a pod.
const (
	AppContainer       PodContainerKind = "app"
	InitContainer      PodContainerKind = "init"
	SidecarContainer   PodContainerKind = "sidecar" // an init container that is restarted always: it runs as long as the pod
	EphemeralContainer PodContainerKind = "ephemeral"
)

// List is the field of the API that a container of a kind stands in.
func (c *PodContainer) List() string {
	switch c.Kind {
	case InitContainer, SidecarContainer:
		return "initContainers"
	case EphemeralContainer:
		return "ephemeralContainers"
	case AppContainer:
	}
	return "containers"
}

// PodContainer is one container of a pod.
type PodContainer struct {
	Name       string           `json:"name"`
	Kind       PodContainerKind `json:"kind"`
	Image      string           `json:"image"`
	PullPolicy string           `json:"pullPolicy,omitempty"` // Always, IfNotPresent, Never; the default of the tag when not said
	Command    []Secretish      `json:"command,omitempty"`    // command and arguments, by position
	Programs   []string         `json:"programs,omitempty"`   // words of command and arguments that name a program Plimsoll knows: sudo, sshd, sh, …
	Env        []EnvVar         `json:"env,omitempty"`        // in order: the last of a name wins
	EnvFrom    []EnvSource      `json:"envFrom,omitempty"`
	Ports      []ContainerPort  `json:"ports,omitempty"`
	Mounts     []VolumeMount    `json:"mounts,omitempty"`
	Devices    []string         `json:"devices,omitempty"` // volumes handed in as block devices
	Resources  Demands          `json:"resources"`
	Security   SecurityContext  `json:"security"`
	Liveness   *Handler         `json:"liveness,omitempty"`
	Readiness  *Handler         `json:"readiness,omitempty"`
	Startup    *Handler         `json:"startup,omitempty"`
	PostStart  *Handler         `json:"postStart,omitempty"`
	PreStop    *Handler         `json:"preStop,omitempty"`
}

// EnvVar is one variable. A value that the manifest spells out is reduced to its
// shape; one that comes from elsewhere names where.
type EnvVar struct {
	Secretish
	From *EnvSource `json:"from,omitempty"`
}

// EnvSource is where variables come from.
type EnvSource struct {
	Kind string `json:"kind"` // secret, configMap, field, resource, file
	Name string `json:"name,omitempty"`
	Key  string `json:"key,omitempty"`
}

// ContainerPort is a port that a container names.
type ContainerPort struct {
	Port     int32  `json:"port"`
	HostPort int32  `json:"hostPort,omitempty"`
	HostIP   string `json:"hostIP,omitempty"`
	Protocol string `json:"protocol,omitempty"` // empty: TCP
	Name     string `json:"name,omitempty"`
}

// VolumeMount is a place where a container sees a volume of the pod.
type VolumeMount struct {
	Volume      string `json:"volume"`
	Path        string `json:"path"`
	ReadOnly    bool   `json:"readOnly,omitempty"`
	Recursive   string `json:"recursive,omitempty"` // of a read-only mount, whether mounts below are: Enabled, IfPossible, Disabled
	SubPath     string `json:"subPath,omitempty"`
	Propagation string `json:"propagation,omitempty"` // None, HostToContainer, Bidirectional
}

// Handler is a probe or a lifecycle hook.
type Handler struct {
	Kind string `json:"kind"`           // exec, http, tcp, grpc, sleep
	Host string `json:"host,omitempty"` // that http or tcp names instead of the pod's own address
	Port string `json:"port,omitempty"`
}

// SecurityContext is what one level, the pod or a container, says. A nil field is
// not said at that level.
type SecurityContext struct {
	Privileged     *bool    `json:"privileged,omitempty"`
	Escalation     *bool    `json:"escalation,omitempty"` // allowPrivilegeEscalation
	NonRoot        *bool    `json:"nonRoot,omitempty"`
	User           *int64   `json:"user,omitempty"`
	Group          *int64   `json:"group,omitempty"`
	ReadonlyRootfs *bool    `json:"readonlyRootfs,omitempty"`
	CapAdd         []string `json:"capAdd,omitempty"` // as written: the standards know upper case only
	CapDrop        []string `json:"capDrop,omitempty"`
	Seccomp        *Profile `json:"seccomp,omitempty"`
	AppArmor       *Profile `json:"appArmor,omitempty"`     // field
	AppArmorNote   string   `json:"appArmorNote,omitempty"` // annotation of the pod for a container: runtime/default, localhost/…, unconfined
	SELinux        *SELinux `json:"selinux,omitempty"`      //
	ProcMount      string   `json:"procMount,omitempty"`    // empty: Default
	HostProcess    *bool    `json:"hostProcess,omitempty"`  // Windows
	FSGroup        *int64   `json:"fsGroup,omitempty"`      // pod only
	Supplemental   []int64  `json:"supplemental,omitempty"` // pod only
	Sysctls        []Pair   `json:"sysctls,omitempty"`      // pod only
	Context        bool     `json:"context,omitempty"`      // the level has a securityContext that is not empty
}

// Profile is a seccomp or AppArmor profile.
type Profile struct {
	Type      string `json:"type"` // RuntimeDefault, Localhost, Unconfined
	Localhost string `json:"localhost,omitempty"`
}

// SELinux is a label's parts.
type SELinux struct {
	User  string `json:"user,omitempty"`
	Role  string `json:"role,omitempty"`
	Type  string `json:"type,omitempty"`
	Level string `json:"level,omitempty"`
}

// Demands are requests and limits.
type Demands struct {
	Requests Amounts `json:"requests"`
	Limits   Amounts `json:"limits"`
}

// Amounts are quantities; nil is not said, 0 as a limit is none.
type Amounts struct {
	CPU     *int64 `json:"cpu,omitempty"`     // 1/1000 CPU, rounded up
	Memory  *int64 `json:"memory,omitempty"`  // bytes, rounded up
	Storage *int64 `json:"storage,omitempty"` // ephemeral storage in bytes, rounded up
	Others  []Pair `json:"others,omitempty"`  // extended resources, as written, sorted
}

// Toleration lets a pod onto nodes with a taint.
type Toleration struct {
	Key      string `json:"key,omitempty"`      // empty with Exists: every taint
	Operator string `json:"operator,omitempty"` // empty: Equal
	Value    string `json:"value,omitempty"`
	Effect   string `json:"effect,omitempty"` // empty: every effect
}

// NodeDemand is one required expression on nodes' labels.
type NodeDemand struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"` // In, NotIn, Exists, DoesNotExist, Gt, Lt
	Values   []string `json:"values,omitempty"`
}

// PodVolume is a volume of a pod.
type PodVolume struct {
	Name      string            `json:"name"`
	Type      string            `json:"type"`             // the field's name in the API: hostPath, emptyDir, secret, configMap, projected, persistentVolumeClaim, csi, …
	Path      string            `json:"path,omitempty"`   // of hostPath, as written
	Source    string            `json:"source,omitempty"` // name of the secret, config map or claim, or the CSI driver
	ReadOnly  bool              `json:"readOnly,omitempty"`
	Medium    string            `json:"medium,omitempty"`    // of emptyDir
	SizeLimit *int64            `json:"sizeLimit,omitempty"` // bytes
	Projected []ProjectedSource `json:"projected,omitempty"`
}

// ProjectedSource is one source of a projected volume.
type ProjectedSource struct {
	Kind     string `json:"kind"` // serviceAccountToken, secret, configMap, downwardAPI, clusterTrustBundle, podCertificate
	Name     string `json:"name,omitempty"`
	Audience string `json:"audience,omitempty"` // of a token; empty: the API server
	Seconds  int64  `json:"seconds,omitempty"`  // life of a token; 3600 when not said
}

// Workload is what makes pods: the object at the top of their ownership, or a pod
// that nothing owns, or a template in a file.
type Workload struct {
	Scope      string `json:"scope"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`      // Deployment, DaemonSet, CronJob, Pod, Rollout, …
	Namespace  string `json:"namespace"` // in files empty when none is said
	Name       string `json:"name"`
	UID        string `json:"uid,omitempty"`

	Spec     int    `json:"spec"`               // index in PodSpecs, of its template
	Live     []int  `json:"live,omitempty"`     // further specifications that pods of it run with, ascending
	Labels   []Pair `json:"labels,omitempty"`   // of its pods, sorted, without those that controllers give each pod or revision
	Replicas *int64 `json:"replicas,omitempty"` // asked for; nil: not a thing with replicas, or not said
	Ready    int64  `json:"ready,omitempty"`

	Static   bool      `json:"static,omitempty"`   // a mirror of a pod in a file of a node
	Inferred bool      `json:"inferred,omitempty"` // its kind is unknown, the template was found by its form
	Dormant  bool      `json:"dormant,omitempty"`  // suspended, finished, or scaled to nothing
	Invalid  string    `json:"invalid,omitempty"`  // why the API server would not take it: unknown version or field; it is unknown then, never a pass
	Owner    *Owner    `json:"owner,omitempty"`    // Helm, Argo CD, Flux or an operator: changes belong at their source
	Created  string    `json:"created,omitempty"`  // RFC 3339
	Loc      *Location `json:"location,omitempty"`

	// Fields says where a file sets what the specification has, by its path in the
	// API (spec.template.spec.containers[0].image).
	Fields []FieldLoc `json:"fields,omitempty"`
	Render string     `json:"render,omitempty"` // how it came from its sources: kustomization, chart and values file
}

// PodRow is one pod. There may be very many.
type PodRow struct {
	Workload int    `json:"w"`           // index in Workloads
	Spec     int    `json:"s"`           // index in PodSpecs
	Node     int    `json:"n"`           // index in Nodes; -1: not scheduled or not listed
	Name     string `json:"p"`           //
	Phase    string `json:"f,omitempty"` // Pending, Succeeded, Failed, Unknown; empty: Running
	Token    bool   `json:"t,omitempty"` // the API server's admission mounted a token of its account
	IP       string `json:"a,omitempty"`
}
