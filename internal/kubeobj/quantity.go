package kubeobj

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"plimsoll/internal/snapshot"
)

func demands(r *corev1.ResourceRequirements) snapshot.Demands {
	return snapshot.Demands{Requests: amounts(r.Requests), Limits: amounts(r.Limits)}
}

// amounts parses quantities: 0, 0Mi and 0e3 are all zero.
func amounts(list corev1.ResourceList) snapshot.Amounts {
	var a snapshot.Amounts
	for name, q := range list {
		switch name {
		case corev1.ResourceCPU:
			a.CPU = new(q.MilliValue())
		case corev1.ResourceMemory:
			a.Memory = new(q.Value())
		case corev1.ResourceEphemeralStorage:
			a.Storage = new(q.Value())
		default:
			a.Others = append(a.Others, snapshot.Pair{Key: string(name), Value: q.String()})
		}
	}
	slices.SortFunc(a.Others, byKey)
	return a
}

// defaultRequests asks for what is limited where nothing else is asked for, as the
// API server does with every pod.
func defaultRequests(d *snapshot.Demands) {
	if d.Requests.CPU == nil {
		d.Requests.CPU = d.Limits.CPU
	}
	if d.Requests.Memory == nil {
		d.Requests.Memory = d.Limits.Memory
	}
	if d.Requests.Storage == nil {
		d.Requests.Storage = d.Limits.Storage
	}
	for _, p := range d.Limits.Others {
		if !slices.ContainsFunc(d.Requests.Others, func(o snapshot.Pair) bool { return o.Key == p.Key }) {
			d.Requests.Others = append(d.Requests.Others, p)
		}
	}
	slices.SortFunc(d.Requests.Others, byKey)
}

func bytesOf(q *resource.Quantity) *int64 {
	if q == nil {
		return nil
	}
	return new(q.Value())
}
