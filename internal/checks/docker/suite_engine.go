package docker

import "plimsoll/internal/check"

// engines are the checks of an engine and its configuration.
var engines = []*check.Check{
	// Who may call it.
	daemonTCPMutualTLS,
	daemonAuthorizationPlugin,

	// What a call, or an escape, becomes on the machine.
	daemonRootless,
	daemonUsernsRemap,
	daemonNoNewPrivileges,
	daemonSeccompDefault,
	daemonManagesFirewall,
	daemonCgroupParent,

	// What it accepts to run.
	imageSignatureEnforced,
	daemonNoInsecureRegistries,

	// Its own state.
	dockerVersionSupported,
	daemonConfigDrift,
	daemonNotExperimental,
	daemonNotAufs,
	daemonDMBasesize,
	daemonDefaultUlimits,
	daemonUserlandProxy,
	daemonLiveRestore,

	// What remains to be read afterwards.
	daemonLogLevel,
	daemonRemoteLogging,
}
