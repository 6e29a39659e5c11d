package podspec

import "plimsoll/internal/snapshot"

// Amount is a request or a limit and where it comes from.
type Amount struct {
	V      int64  // 0: none
	Source string // container, limit, pod, pod limit, or LimitRange NAME; empty when nothing gives one
}

// Set reports whether there is one. A limit of nothing is none: the runtime takes
// 0 for unlimited.
func (a Amount) Set() bool { return a.V > 0 }

// Where requests and limits come from, beside LimitRanges.
const (
	ByContainer = "container"
	ByLimit     = "limit" // of the container, for a request that is not said
	ByPod       = "pod"
)

// supply works out what a container requests and is limited to. Ephemeral
// containers have neither, and no LimitRange gives them any.
func (p *Pod) supply(c *Container) {
	pod := p.Resources
	if pod == nil {
		pod = &snapshot.Demands{}
	}
	own := &c.Resources
	ranged := func(pick func(*snapshot.LimitRange) *int64) (*int64, string) {
		if c.Kind == snapshot.EphemeralContainer {
			return nil, ""
		}
		for i := range p.Limits {
			if v := pick(&p.Limits[i]); v != nil {
				return v, "LimitRange " + p.Limits[i].Name
			}
		}
		return nil, ""
	}
	c.Memory = limit(own.Limits.Memory, pod.Limits.Memory, ranged, func(l *snapshot.LimitRange) *int64 { return firstOf(l.Default.Memory, l.Max.Memory) })
	c.CPU = limit(own.Limits.CPU, pod.Limits.CPU, ranged, func(l *snapshot.LimitRange) *int64 { return firstOf(l.Default.CPU, l.Max.CPU) })
	c.Storage = limit(own.Limits.Storage, nil, ranged, func(l *snapshot.LimitRange) *int64 { return firstOf(l.Default.Storage, l.Max.Storage) })
	c.MemoryRequest = request(own.Requests.Memory, own.Limits.Memory, pod.Requests.Memory, pod.Limits.Memory, ranged, func(l *snapshot.LimitRange) *int64 {
		return firstOf(firstOf(l.Request.Memory, l.Default.Memory), firstOf(l.Max.Memory, l.Min.Memory))
	})
	c.CPURequest = request(own.Requests.CPU, own.Limits.CPU, pod.Requests.CPU, pod.Limits.CPU, ranged, func(l *snapshot.LimitRange) *int64 {
		return firstOf(firstOf(l.Request.CPU, l.Default.CPU), firstOf(l.Max.CPU, l.Min.CPU))
	})
}

// from looks a default up in the LimitRanges.
type from func(pick func(*snapshot.LimitRange) *int64) (*int64, string)

// limit is the container's own where it says one, 0 included, which lifts what a
// LimitRange would give; what the pod as a whole is limited to bounds it in any case.
func limit(own, pod *int64, ranged from, pick func(*snapshot.LimitRange) *int64) Amount {
	a := Amount{}
	if own != nil {
		a = Amount{*own, ByContainer}
	} else if v, source := ranged(pick); v != nil {
		a = Amount{*v, source}
	}
	if !a.Set() && pod != nil && *pod > 0 {
		return Amount{*pod, ByPod}
	}
	return a
}

// request is the container's own, else its limit, else what a LimitRange gives,
// else what the pod as a whole requests or is limited to.
func request(own, limit, pod, podLimit *int64, ranged from, pick func(*snapshot.LimitRange) *int64) Amount {
	a := Amount{}
	switch {
	case own != nil:
		a = Amount{*own, ByContainer}
	case limit != nil:
		a = Amount{*limit, ByLimit}
	default:
		if v, source := ranged(pick); v != nil {
			a = Amount{*v, source}
		}
	}
	if !a.Set() {
		for _, v := range []*int64{pod, podLimit} {
			if v != nil && *v > 0 {
				return Amount{*v, ByPod}
			}
		}
	}
	return a
}
