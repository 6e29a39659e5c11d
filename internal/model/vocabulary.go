// Package model holds the vocabulary of the threat model (zones, STRIDE
// classes, attack surfaces) and builds the system model from a snapshot: its
// elements, the flows between them and the trust boundaries that flows cross.
package model

// Zone is a trust zone of the source methodology.
type Zone string

// The zones, Docker's first.
const (
	ZoneClient       Zone = "client"
	ZoneHost         Zone = "host"
	ZoneRegistry     Zone = "registry"
	ZoneControlPlane Zone = "control-plane"
	ZoneNodeRuntime  Zone = "node-runtime"
	ZoneCloud        Zone = "cloud-provider"
)

// Zones lists the zones in the order screens show them.
var Zones = []Zone{ZoneClient, ZoneHost, ZoneRegistry, ZoneControlPlane, ZoneNodeRuntime, ZoneCloud}

// Class is a STRIDE class, by its letter.
type Class byte

// The STRIDE classes.
const (
	Spoofing              Class = 'S'
	Tampering             Class = 'T'
	Repudiation           Class = 'R'
	InformationDisclosure Class = 'I'
	DenialOfService       Class = 'D'
	ElevationOfPrivilege  Class = 'E'
)

// Classes lists the STRIDE classes in their order.
var Classes = []Class{Spoofing, Tampering, Repudiation, InformationDisclosure, DenialOfService, ElevationOfPrivilege}

// String returns the full name.
func (c Class) String() string {
	switch c {
	case Spoofing:
		return "Spoofing"
	case Tampering:
		return "Tampering"
	case Repudiation:
		return "Repudiation"
	case InformationDisclosure:
		return "Information disclosure"
	case DenialOfService:
		return "Denial of service"
	case ElevationOfPrivilege:
		return "Elevation of privilege"
	}
	return "invalid STRIDE class"
}

// Short returns the name as column heads print it.
func (c Class) Short() string {
	switch c {
	case Spoofing:
		return "Spoof"
	case Tampering:
		return "Tamper"
	case Repudiation:
		return "Repud"
	case InformationDisclosure:
		return "Info"
	case DenialOfService:
		return "DoS"
	case ElevationOfPrivilege:
		return "Elev"
	}
	return "?"
}

// Surface is an attack surface: a group of weaknesses that a person would look
// at together.
type Surface string

// The attack surfaces of the Docker zones.
const (
	SurfaceClientCompromise    Surface = "client-compromise"
	SurfaceClientAuthorization Surface = "client-authorization-abuse"
	SurfaceDockerfile          Surface = "dockerfile-misconfiguration"
	SurfaceIsolation           Surface = "isolation-tampering"
	SurfacePrivileged          Surface = "privileged-flag"
	SurfaceInsecureDefaults    Surface = "insecure-defaults"
	SurfaceHostMisconfig       Surface = "host-misconfiguration"
	SurfaceImage               Surface = "image-security"
	SurfaceOpenSource          Surface = "open-source-security"
	SurfaceRegistry            Surface = "registry-security"
)

// The attack surfaces of the Kubernetes zones.
const (
	SurfaceAPIEndpoint        Surface = "api-endpoint"
	SurfaceAccessRights       Surface = "access-rights"
	SurfaceClusterState       Surface = "cluster-state"
	SurfaceControllers        Surface = "controllers"
	SurfaceScheduling         Surface = "scheduling"
	SurfacePolicyEnforcement  Surface = "policy-enforcement"
	SurfaceConfigurationFiles Surface = "configuration-files"
	SurfaceKubeletAPI         Surface = "kubelet-api"
	SurfaceKubeProxy          Surface = "kube-proxy"
	SurfacePodNetwork         Surface = "pod-network"
	SurfaceWorkloadDefinition Surface = "workload-definition"
	SurfaceCredentials        Surface = "credentials"
	SurfaceCloudLink          Surface = "cloud-link"
)

// Surfaces lists the attack surfaces in the order of the source document:
// client, host, registry; control plane, node runtime, cloud provider.
var Surfaces = []Surface{
	SurfaceClientCompromise, SurfaceClientAuthorization, SurfaceDockerfile,
	SurfaceIsolation, SurfacePrivileged, SurfaceInsecureDefaults, SurfaceHostMisconfig,
	SurfaceImage, SurfaceOpenSource, SurfaceRegistry,
	SurfaceAPIEndpoint, SurfaceAccessRights, SurfaceClusterState, SurfaceControllers, SurfaceScheduling, SurfacePolicyEnforcement,
	SurfaceConfigurationFiles, SurfaceKubeletAPI, SurfaceKubeProxy, SurfacePodNetwork, SurfaceWorkloadDefinition, SurfaceCredentials,
	SurfaceCloudLink,
}
