package node

import (
	"fmt"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/kubeflag"
	"plimsoll/internal/snapshot"
)

var kubeletRows = []row{
	{
		id: "kubelet-anonymous-auth", title: "The kubelet refuses anonymous requests", sev: check.Critical, stride: "SE", n111: "4.2.1", n112: "4.2.1",
		why:    "The kubelet's port runs commands in every container of the node. Without a configuration file anonymous requests are let in unless a flag says otherwise; with one they are not.",
		remedy: "Set authentication.anonymous.enabled: false in the kubelet's configuration, and remove --anonymous-auth=true.",
		run:    turned("authentication.anonymous.enabled", false, "requests without credentials are refused", "requests without credentials are let in"),
	},
	{
		id: "kubelet-authz-mode", title: "The kubelet asks the API server to authorize requests", sev: check.Critical, stride: "E", n111: "4.2.2", n112: "4.2.2",
		why:    "With AlwaysAllow whoever signs in may run commands in every container of the node. It is what holds without a configuration file; a drop-in may set it over a safe base.",
		remedy: "Set authorization.mode: Webhook.",
		run: func(k *kubelet) check.Verdict {
			s := k.setting("authorization.mode")
			if v, unknown := s.unknown(); unknown {
				return v
			}
			if s.value != "Webhook" {
				return s.with(check.Failed("requests are not authorized by the API server", s.ev()))
			}
			return s.with(check.Passed("the API server authorizes requests", s.ev()))
		},
	},
	{
		id: "kubelet-client-ca-set", title: "The kubelet verifies client certificates", sev: check.High, stride: "S", n111: "4.2.3", n112: "4.2.3",
		why:    "Without the CA the API server cannot sign in by certificate, and what is left is weaker.",
		remedy: "Set authentication.x509.clientCAFile to the cluster's CA.",
		run:    clientCA,
	},
	{
		id: "kubelet-read-only-port", title: "The kubelet read-only port is closed", sev: check.High, stride: "I", n111: "4.2.4", n112: "4.2.4",
		why:    "The port tells anyone which pods run with which settings, environment variables included. Without a configuration file it is open unless a flag closes it. The real socket is looked at.",
		remedy: "Set readOnlyPort: 0, and remove --read-only-port.",
		run:    readOnlyPort,
	},
	{
		id: "kubelet-streaming-timeout", title: "Idle kubelet streams are closed", sev: check.Low, stride: "D", n111: "4.2.5", n112: "4.2.5",
		why:    "Idle exec and port-forward connections that never end fill the kubelet. Zero on the command line never ends them; zero in the file stands for the default of four hours.",
		remedy: "Remove --streaming-connection-idle-timeout, or set a time above zero.",
		run: func(k *kubelet) check.Verdict {
			s := k.setting("streamingConnectionIdleTimeout")
			if v, unknown := s.unknown(); unknown {
				return v
			}
			if kubeflag.ZeroDuration(s.value) {
				return s.with(check.Failed("idle streams are never closed", s.ev()))
			}
			if _, err := time.ParseDuration(s.value); err != nil {
				return s.garbled()
			}
			return s.with(check.Passed("idle streams are closed", s.ev()))
		},
	},
	{
		id: "kubelet-iptables-util-chains", title: "The kubelet maintains its packet filter chains", sev: check.Low, stride: "T", n111: "4.2.6", n112: "4.2.6",
		why:    "Without them rules that drop packets to loopback addresses from the network are missing, unless something else keeps them.",
		remedy: "Set makeIPTablesUtilChains: true, which is the default.",
		run:    turned("makeIPTablesUtilChains", true, "the kubelet keeps its chains", "the kubelet keeps no chains"),
	},
	{
		id: "kubelet-hostname-override", title: "The kubelet keeps its real host name", sev: check.Low, stride: "S", n111: "4.2.7", n112: "4.2.7",
		why:    "Under another name than the machine's the node's certificate and logs no longer tell which machine it is. Some providers need it, so that the node has the name that the cloud knows.",
		remedy: "Remove --hostname-override, unless the provider sets it.",
		byHand: "The node would join under another name, as another node.",
		run:    hostname,
	},
	{
		id: "kubelet-event-qps", title: "The kubelet records enough events", sev: check.Low, stride: "RD", n111: "4.2.8", n112: "4.2.8",
		why:    "Events tell what happened on the node. Zero lifts the limit, so that a broken pod floods the API server.",
		remedy: "Remove eventRecordQPS, which makes it 50, or set a number above zero.",
		run: func(k *kubelet) check.Verdict {
			s := k.setting("eventRecordQPS")
			if v, unknown := s.unknown(); unknown {
				return v
			}
			n, ok := s.int()
			switch {
			case !ok:
				return s.garbled()
			case n < 1:
				return s.with(check.Failed("events are not limited", s.ev()))
			}
			return s.with(check.Passed("events are recorded and limited", s.ev()))
		},
	},
	{
		id: "kubelet-serving-cert", title: "The kubelet serves a CA-signed certificate", sev: check.Medium, stride: "SI", n111: "4.2.9", n112: "4.2.9",
		why:    "A certificate that the kubelet signed itself cannot be verified, so the API server takes any: who stands in between reads logs and the input of exec. What the port really shows is looked at.",
		remedy: "Set serverTLSBootstrap: true and approve the requests, or give tlsCertFile and tlsPrivateKeyFile.",
		byHand: "Requests for serving certificates must be approved by somebody or something that checks them.",
		run:    servingCert,
	},
	{
		id: "kubelet-rotate-client-cert", title: "The kubelet client certificate rotates", sev: check.Medium, stride: "S", n111: "4.2.10", n112: "4.2.10",
		why:    "Without rotation the certificate lasts until somebody changes it by hand, or the node falls out when it expires. The built-in default is off.",
		remedy: "Set rotateCertificates: true.",
		run:    rotateClient,
	},
	{
		id: "kubelet-rotate-server-cert", title: "The kubelet serving certificate rotates", sev: check.Medium, stride: "S", n111: "4.2.11", n112: "4.2.11",
		why:    "Rotation needs three things at once: the feature gate, serverTLSBootstrap, and a CA that signs. One without the others leaves a certificate that the kubelet made itself.",
		remedy: "Set serverTLSBootstrap: true, leave the gate RotateKubeletServerCertificate on, and approve the requests.",
		byHand: "Requests for serving certificates must be approved by somebody or something that checks them.",
		run:    rotateServer,
	},
	{
		id: "kubelet-strong-ciphers", title: "The kubelet offers strong ciphers only", sev: check.Medium, stride: "I", n111: "4.2.12", n112: "4.2.12",
		why:    "Without a list the kubelet offers what the Go library does, suites with CBC and SHA-1 among them. Edition 1.11 still allows RSA key exchange with GCM, 1.12 does not.",
		remedy: "Set tlsCipherSuites to ECDHE suites with GCM or CHACHA20 only, or tlsMinVersion: VersionTLS13.",
		run:    ciphers,
	},
	{
		id: "kubelet-pod-pids-limit", title: "Processes per pod are limited on the node", sev: check.Medium, stride: "D", n111: "4.2.13", n112: "4.2.13",
		why:    "A fork bomb in one pod takes every process number of the node, and with it kubelet and runtime. Absent or -1 is no limit.",
		remedy: "Set podPidsLimit to what the largest pod needs, at most 16384.",
		params: []check.Param{{Name: "max", Unit: "count", Default: []string{"16384"}, Meaning: "processes of a pod"}},
		run: func(k *kubelet) check.Verdict {
			s := k.setting("podPidsLimit")
			if v, unknown := s.unknown(); unknown {
				return v
			}
			n, ok := s.int()
			switch most := k.p.Int("max"); {
			case !ok:
				return s.garbled()
			case n <= 0:
				return s.with(check.Failed("processes of a pod are not limited", s.ev()))
			case n > most:
				return s.with(check.Failed(fmt.Sprintf("a pod may have more than %d processes", most), s.ev()))
			}
			return s.with(check.Passed("processes of a pod are limited", s.ev()))
		},
	},
	{
		id: "kubelet-seccomp-default", title: "Pods get the default seccomp profile on the node", sev: check.Medium, stride: "E", n111: "4.2.14", n112: "4.2.14",
		why:    "A pod that names no profile runs with none: every system call of the kernel is open to it.",
		remedy: "Set seccompDefault: true.",
		run:    turned("seccompDefault", true, "pods get the runtime's profile", "pods that name no profile run without one"),
	},
	{
		id: "kubelet-ip-address-deny", title: "The kubelet service accepts declared addresses only", sev: check.Low, stride: "ID", n111: "4.2.15", n112: "",
		why:    "systemd can drop packets of a unit by address: with IPAddressDeny=any and a list of who is allowed, the kubelet's port is open to those alone.",
		remedy: "Add IPAddressDeny=any and IPAddressAllow= with the control plane and the node's own networks to the kubelet's unit.",
		byHand: "A list that leaves out the API server, the runtime or a registry cuts the node off.",
		run:    addressFilter,
	},
	{
		id: "kubelet-protect-kernel-defaults", title: "The kubelet refuses unsafe kernel defaults", sev: check.Low, stride: "T", tier: 2,
		why:    "The kubelet expects some kernel settings and otherwise changes them silently. With this it stops instead, so that somebody notices.",
		remedy: "Set the kernel parameters that the kubelet expects, then protectKernelDefaults: true.",
		byHand: "A kubelet on a kernel with other settings does not start.",
		run:    turned("protectKernelDefaults", true, "unexpected kernel settings stop the kubelet", "unexpected kernel settings are changed silently"),
	},
	{
		id: "kubelet-debug-handlers", title: "Kubelet debug handlers are off", sev: check.Medium, stride: "IE", tier: 2,
		why:    "The profiler tells about memory, and the page of debug flags changes how much is logged. The handlers for exec and logs are needed by kubectl, so that only the other two are judged.",
		remedy: "Set enableProfilingHandler: false and enableDebugFlagsHandler: false.",
		run:    debugHandlers,
	},
	{
		id: "kubelet-node-system-reserved", title: "The node keeps memory for its own agents", sev: check.Medium, stride: "D", tier: 2,
		why:    "Without a reservation pods may use all memory, and the kernel then kills kubelet, runtime or log shipper instead of them.",
		remedy: "Set systemReserved or kubeReserved with memory, and keep memory.available in evictionHard.",
		byHand: "How much the node's own programs need has to be measured; reserved memory is lost to pods.",
		run:    reserved,
	},
	{
		id: "kubelet-container-log-limits", title: "Container logs on the node are bounded", sev: check.Low, stride: "D", tier: 2,
		why:    "A container that writes without end fills the node's disk. The defaults, five files of ten mebibytes, bound it.",
		remedy: "Remove containerLogMaxSize and containerLogMaxFiles, or set finite values.",
		run:    logLimits,
	},
	{
		id: "kubelet-image-credential-verification", title: "Cached private images need the pod's own credentials", sev: check.Low, stride: "IE", tier: 2,
		why:    "An image that is on the node is started for any pod that knows its name, whoever may pull it, unless the kubelet verifies credentials again.",
		remedy: "Set imagePullCredentialsVerificationPolicy: AlwaysVerify, or NeverVerifyAllowlistedImages with a short list.",
		run: func(k *kubelet) check.Verdict {
			s := k.setting("imagePullCredentialsVerificationPolicy")
			if v, unknown := s.unknown(); unknown {
				return v
			}
			switch s.value {
			case "AlwaysVerify", "NeverVerifyAllowlistedImages":
				return s.with(check.Passed("cached images need credentials", s.ev()))
			}
			return s.with(check.Failed("some or all cached images need no credentials", s.ev()))
		},
	},
	{
		id: "kubelet-fine-grained-authz", title: "Kubelet endpoints are authorized one by one", sev: check.Medium, stride: "E", tier: 2,
		why:    "Without it an agent that reads metrics needs nodes/proxy, which also runs commands in every container. It is on by default from 1.33 and cannot be switched off from 1.36.",
		remedy: "Remove KubeletFineGrainedAuthz=false, or update the node; then give agents nodes/metrics and the like instead of nodes/proxy.",
		run: func(k *kubelet) check.Verdict {
			on, e, known := k.gate("KubeletFineGrainedAuthz")
			switch {
			case !known:
				return check.Undecided(snapshot.ReasonPartial, "whether the feature is on depends on the release, which is not proved", e)
			case !on:
				return check.Failed("one right opens every endpoint", e)
			}
			return check.Passed("endpoints have rights of their own", e)
		},
	},
	{
		id: "kubelet-port-network-restricted", title: "The kubelet port is reachable from the cluster only", sev: check.High, stride: "IE", tier: 2,
		why:    "The port runs commands in every container of the node for whoever signs in. Judged are the addresses on which it listens, and not what one vantage point reaches.",
		remedy: "Let the packet filter admit the kubelet's port from nodes and control plane only, or give the node no public address.",
		byHand: "A filter that leaves out the API server breaks logs, exec and metrics.",
		run:    portReach,
	},
}
