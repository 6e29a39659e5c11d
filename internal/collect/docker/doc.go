// Package docker collects evidence of a Docker engine through its API, and,
// where the engine runs on this machine, joins it with the kernel's view.
package docker
