package snapshot

import "slices"

// Moved returns the Dockerfile with each line in it at another one.
func (d Dockerfile) Moved(to func(line int) int) Dockerfile {
	move := func(line *int) {
		if *line > 0 {
			*line = to(*line)
		}
	}
	move(&d.Syntax.Line)
	d.Args, d.Stages = slices.Clone(d.Args), slices.Clone(d.Stages)
	for i := range d.Args {
		move(&d.Args[i].Line)
	}
	for i := range d.Stages {
		st := &d.Stages[i]
		move(&st.Line)
		for _, at := range []**Located{&st.User, &st.Health} {
			if *at != nil {
				there := **at
				move(&there.Line)
				*at = &there
			}
		}
		st.Vars, st.Adds, st.Copies, st.Runs = slices.Clone(st.Vars), slices.Clone(st.Adds), slices.Clone(st.Copies), slices.Clone(st.Runs)
		for j := range st.Vars {
			move(&st.Vars[j].Line)
		}
		for j := range st.Adds {
			move(&st.Adds[j].Line)
		}
		for j := range st.Copies {
			move(&st.Copies[j].Line)
		}
		for j := range st.Runs {
			move(&st.Runs[j].Line)
		}
	}
	return d
}
