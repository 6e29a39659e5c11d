// Package kubeobj turns objects of the Kubernetes API into evidence: the only
// place that does, so that a cluster and the files that become one are read alike.
// A [Builder] takes objects one by one, in any order, and keeps nothing of them but
// the rows that they become. Values that may be secrets are reduced to their shape
// on the way. It talks to nobody and opens no file.
package kubeobj
