// Package host reads what Plimsoll needs from the Linux machine itself: its
// identity, accounts and control groups, the engine's daemon, the kernel's view
// of containers, and the sockets, listeners and image verifiers around them.
//
// It reads files and links only, forks nothing and changes nothing. The two
// things it sends are a connection to an engine's unix socket, to learn which
// process listens there, and GET /_ping to the daemon's own TCP listeners.
// [Machine.Reads] lists everything. All paths are seen below one root, so that
// a container can look at its host through a mount.
//
// What cannot be read is said so: a [snapshot.Fact] is Observed only when
// every field that a pass could rest on was read.
package host
