// Package dockerapi talks to a Docker engine. It is the only package that
// imports the engine's client library.
//
// Reads return bounded raw bytes, because the library's own typed answers are
// lost as a whole when one field does not decode. Writes are the few that
// harden performs.
package dockerapi
