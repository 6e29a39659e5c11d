package host

import (
	"context"
	"path"
	"slices"
	"strconv"

	"plimsoll/internal/snapshot"
)

// agent is a running daemon of interest.
type agent struct {
	pid int
	exe string
}

// agents are the engines and containerds among the machine's processes.
type agents struct {
	engines, containerds []agent
	loggers              []string // names of running programs that keep or ship log records, sorted
	denied               int      // processes whose executable we may not see
}

// pids lists the machine's processes, ascending.
func (m *Machine) pids() ([]int, error) {
	names, err := m.list("/proc")
	if err != nil {
		return nil, err
	}
	out := make([]int, 0, len(names))
	for _, n := range names {
		if p, err := strconv.Atoi(n); err == nil && p > 0 {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out, nil
}

// findAgents looks through the executables of all processes, once. Processes
// inside containers, which have another PID namespace, do not count.
func (m *Machine) findAgents(ctx context.Context) (*agents, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.agents != nil {
		return m.agents, nil
	}
	pids, err := m.pids()
	if err != nil {
		return nil, err
	}
	a := new(agents)
	for _, p := range pids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		exe, named, err := m.program(p)
		if s, _ := outcome(err); p > 1 && (named || s == snapshot.Denied) {
			a.denied++
		}
		if err != nil {
			continue
		}
		engine, logger := isDaemon(exe), loggers[path.Base(exe)] && !named
		if !engine && !logger && path.Base(exe) != "containerd" {
			continue
		}
		if st, err := m.status(p); err != nil || st.pids > 1 {
			continue
		}
		switch {
		case logger:
			a.loggers = append(a.loggers, path.Base(exe))
		case engine:
			a.engines = append(a.engines, agent{p, exe})
		default:
			a.containerds = append(a.containerds, agent{p, exe})
		}
	}
	slices.Sort(a.loggers)
	a.loggers = slices.Compact(a.loggers)
	m.agents = a
	return a, nil
}
