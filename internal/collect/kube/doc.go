// Package kube collects a cluster by its API server: it lists what is served, a
// page at a time, and keeps of each object the row that it becomes. It sends reads
// only. What may not be read is in the coverage with the rule that would grant it.
package kube
