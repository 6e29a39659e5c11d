package docker

import "plimsoll/internal/check"

// engines are the checks of an engine and its configuration.
var engines = []*check.Check{
	// Who may call it.
	daemonTCPMutualTLS,
	daemonAuthorizationPlugin,
	engineAuthzCVE,
	metricsNotExposed,

	// What a call, or an escape, becomes on the machine.
	daemonRootless,
	daemonUsernsRemap,
	usernsExcludesStore,
	daemonNoNewPrivileges,
	daemonSeccompDefault,
	daemonManagesFirewall,
	daemonCgroupParent,
	runtimesReviewed,
	pluginPrivileges,

	// What it accepts to run.
	imageSignatureEnforced,
	daemonNoInsecureRegistries,
	mirrorsUseTLS,
	mirrorConfigured,

	// Its own state.
	dockerVersionSupported,
	daemonConfigDrift,
	settingsConflictFree,
	configBaseline,
	proxyCredentials,
	daemonNotExperimental,
	daemonNotAufs,
	daemonDMBasesize,
	daemonDefaultUlimits,
	daemonUserlandProxy,
	daemonLiveRestore,

	// What remains to be read afterwards.
	daemonLogLevel,
	daemonRemoteLogging,
	logRotation,
}
