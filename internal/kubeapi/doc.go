// Package kubeapi speaks to a Kubernetes API server, with reads only: it finds
// the server and the credentials as kubectl does, asks with bounds, retries and
// deadlines, and hands the objects of a list over one by one. What an object means
// is not its concern. It is the only user of client-go, of which it takes
// kubeconfigs, credentials and TLS.
package kubeapi
