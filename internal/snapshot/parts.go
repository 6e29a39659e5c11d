package snapshot

// Part names a piece of the world that is collected as a whole.
type Part string

// The parts of a Docker host. Engine parts belong to an engine scope, host
// parts to a host scope. In a scope of files, engine.containers are the services
// of its compose files.
const (
	PartEngineInfo       Part = "engine.info"
	PartEngineContainers Part = "engine.containers"
	PartEngineImages     Part = "engine.images"
	PartEngineNetworks   Part = "engine.networks"
	PartEngineVolumes    Part = "engine.volumes"
	PartEngineSwarm      Part = "engine.swarm"
	PartEngineServices   Part = "engine.services"
	PartEngineConfig     Part = "engine.config"
	PartEngineProcesses  Part = "engine.processes"
	PartEngineListeners  Part = "engine.listeners"
	PartEngineSockets    Part = "engine.sockets"
	PartEngineVerifier   Part = "engine.verifier"
	PartEngineFiles      Part = "engine.files"
	PartHostIdentity     Part = "host.identity"
	PartHostCgroups      Part = "host.cgroups"
	PartHostAccounts     Part = "host.accounts"
	PartHostPackages     Part = "host.packages"
	PartHostFiles        Part = "host.files"
	PartHostSubIDs       Part = "host.subids"
	PartHostKernels      Part = "host.kernels"
	PartHostAudit        Part = "host.audit"
	PartHostLogs         Part = "host.logs"
	PartHostClients      Part = "host.clients"
	PartRegistryAPI      Part = "registry.api"
	PartRegistryContent  Part = "registry.content"
	PartRegistryProbe    Part = "registry.probe"
	PartRegistryConfig   Part = "registry.config"
	PartNodeComponents   Part = "node.components"
	PartNodeKubelet      Part = "node.kubelet"
	PartNodeFiles        Part = "node.files"
	PartNodePKI          Part = "node.pki"
	PartDockerfiles      Part = "files.dockerfiles"
	PartOtherFiles       Part = "files.other"

	// Of a cluster, by its API server. In a scope of files they are what manifests
	// define.
	PartClusterVersion    Part = "cluster.version"
	PartClusterNodes      Part = "cluster.nodes"
	PartClusterNamespaces Part = "cluster.namespaces"
	PartClusterWorkloads  Part = "cluster.workloads"
	PartClusterPods       Part = "cluster.pods"
	PartClusterAccounts   Part = "cluster.accounts"
	PartClusterRBAC       Part = "cluster.rbac"
	PartClusterCSRs       Part = "cluster.csrs"
	PartClusterNetwork    Part = "cluster.network"
	PartClusterServices   Part = "cluster.services"
	PartClusterAdmission  Part = "cluster.admission"
	PartClusterQuotas     Part = "cluster.quotas"
	PartClusterFlow       Part = "cluster.flow"
	PartClusterSecrets    Part = "cluster.secrets"
	PartClusterConfigMaps Part = "cluster.configmaps"
	PartClusterStorage    Part = "cluster.storage"
	PartClusterExtensions Part = "cluster.extensions"

	// Of the images of an engine, or of those that were named.
	PartImageConfig   Part = "images.config"
	PartImageContents Part = "images.contents"
	PartImageEvidence Part = "images.evidence"
)

// Parts lists every part in the order screens show them.
var Parts = []Part{
	PartEngineInfo, PartEngineContainers, PartEngineImages, PartEngineNetworks, PartEngineVolumes, PartEngineSwarm, PartEngineServices,
	PartEngineConfig, PartEngineProcesses, PartEngineListeners, PartEngineSockets, PartEngineVerifier, PartEngineFiles,
	PartHostIdentity, PartHostCgroups, PartHostAccounts, PartHostPackages,
	PartHostFiles, PartHostSubIDs, PartHostKernels, PartHostAudit, PartHostLogs, PartHostClients,
	PartRegistryAPI, PartRegistryContent, PartRegistryProbe, PartRegistryConfig,
	PartNodeComponents, PartNodeKubelet, PartNodeFiles, PartNodePKI,
	PartDockerfiles, PartOtherFiles,
	PartClusterVersion, PartClusterNodes, PartClusterNamespaces, PartClusterWorkloads, PartClusterPods, PartClusterAccounts, PartClusterRBAC,
	PartClusterCSRs, PartClusterNetwork, PartClusterServices, PartClusterAdmission, PartClusterQuotas, PartClusterFlow, PartClusterSecrets,
	PartClusterConfigMaps, PartClusterStorage, PartClusterExtensions,
	PartImageConfig, PartImageContents, PartImageEvidence,
}

// meanings say what each part holds.
var meanings = map[Part]string{
	PartEngineInfo:        "GET /info and /version",
	PartEngineContainers:  "list and inspect, every state",
	PartEngineImages:      "the images that it holds",
	PartEngineNetworks:    "its networks",
	PartEngineVolumes:     "its volumes",
	PartEngineSwarm:       "the swarm and its nodes",
	PartEngineServices:    "its services, and names of secrets and configurations",
	PartEngineConfig:      "effective daemon configuration: command line and file",
	PartEngineProcesses:   "kernel state of the containers' processes and cgroups",
	PartEngineListeners:   "sockets of the daemon, TCP probed without a certificate",
	PartEngineSockets:     "the unix sockets of engine and runtimes, as files",
	PartEngineVerifier:    "containerd's and the engine's image verification settings",
	PartEngineFiles:       "its configuration, keys, data root and programs, as files",
	PartHostIdentity:      "kernel, distribution, memory, security modules",
	PartHostCgroups:       "control groups: version and controllers",
	PartHostAccounts:      "groups and users",
	PartHostPackages:      "the engine's distribution package",
	PartHostFiles:         "units, defaults, /etc/docker and the certificates in it",
	PartHostSubIDs:        "/etc/subuid and /etc/subgid",
	PartHostKernels:       "installed builds",
	PartHostAudit:         "the kernel's audit rules",
	PartHostLogs:          "what ships log records elsewhere",
	PartHostClients:       "configuration of the Docker command in the homes of the machine",
	PartRegistryAPI:       "GET /v2/ without a login, over TLS and in clear",
	PartRegistryContent:   "what can be read without a login",
	PartRegistryProbe:     "what --probe sends",
	PartRegistryConfig:    "its configuration file, when it runs on this machine",
	PartNodeComponents:    "control plane and kube-proxy on a node: command lines and the files they name",
	PartNodeKubelet:       "a node's kubelet: flags, configuration, drop-ins, defaults",
	PartNodeFiles:         "manifests, configuration, kubeconfigs, sockets and data of a node, as files",
	PartNodePKI:           "certificates and kubeconfigs of a node, without keys and tokens",
	PartDockerfiles:       "Dockerfiles of a folder",
	PartOtherFiles:        "files of kinds that are recognised but not judged",
	PartClusterVersion:    "version, served resources, distribution",
	PartClusterNodes:      "node objects",
	PartClusterNamespaces: "namespaces and their labels",
	PartClusterWorkloads:  "workloads of every kind and their pod templates",
	PartClusterPods:       "pods",
	PartClusterAccounts:   "service accounts",
	PartClusterRBAC:       "roles and bindings",
	PartClusterCSRs:       "certificate signing requests",
	PartClusterNetwork:    "network policies and the network plugin",
	PartClusterServices:   "services, endpoints, ingresses, gateways and routes",
	PartClusterAdmission:  "webhooks, admission policies, conversion and aggregated APIs",
	PartClusterQuotas:     "quotas, limit ranges, disruption budgets, autoscalers, priority and runtime classes",
	PartClusterFlow:       "flow schemas and priority levels of the API server",
	PartClusterSecrets:    "secrets: names, types and ages, values never",
	PartClusterConfigMaps: "config maps: keys and shapes, and fields of known components",
	PartClusterStorage:    "storage classes and persistent volumes",
	PartClusterExtensions: "custom resource definitions, their instances that hold pod templates, and templates by themselves",
	PartImageConfig:       "configuration and history",
	PartImageContents:     "the files in their layers",
	PartImageEvidence:     "reports of scanners, bills of materials and signatures",
}

// Meaning says in a phrase what the part holds.
func (p Part) Meaning() string { return meanings[p] }
