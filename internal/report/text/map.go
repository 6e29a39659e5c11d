package text

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/model"
	"plimsoll/internal/report"
)

// mapWidth is the narrowest terminal that gets the map drawn; below it, and
// with --plain, the map is a list.
const mapWidth = 96

// systemMap prints the zones, what is in them, and the flows that cross.
func (p *page) systemMap(r *report.Result) {
	if r.Model == nil || len(r.Model.Elements) == 0 {
		return
	}
	if p.o.Plain || p.o.Width < mapWidth || !p.drawMap(r) {
		p.mapList(r)
	}
}

// drawMap draws every system of the result, or says that there is no room.
func (p *page) drawMap(r *report.Result) bool {
	docker, cluster := systems(r)
	if cluster != nil {
		if docker != nil || !p.clusterMap(cluster) { // two kinds of systems are easier to read as a list
			return false
		}
		return true
	}
	return p.engineMap(docker)
}

// systems parts the elements of engines from those of clusters; nil where there
// are none.
func systems(r *report.Result) (docker, cluster *report.Result) {
	of := func(kube bool) *report.Result {
		m := *r.Model
		m.Elements = slices.DeleteFunc(slices.Clone(m.Elements), func(e model.Element) bool { return strings.HasPrefix(e.ID, model.KubePrefix) != kube })
		if len(m.Elements) == 0 {
			return nil
		}
		out := *r
		out.Model = &m
		return &out
	}
	return of(false), of(true)
}

// engineMap draws client, host and registry; false where there is no room.
func (p *page) engineMap(r *report.Result) bool {
	client := boxLines(r, model.ZoneClient)
	registry := boxLines(r, model.ZoneRegistry)
	left := p.arrows(r, model.ZoneClient, model.ZoneHost)
	right := p.arrows(r, model.ZoneHost, model.ZoneRegistry)
	cw, rw := width(client, 14, 22), width(registry, 16, 26)
	lw, gw := arrowWidth(left), arrowWidth(right)
	room := p.o.Width - cw - rw - lw - gw - 12
	if room < leastHost {
		return false
	}
	host := folded(hostLines(r), min(room, 60))
	hw := width(host, leastHost, room)
	rows := max(len(client), len(host), len(registry), len(left), len(right))
	p.line(p.bold(pad("SYSTEM MAP", 40)) + p.dim("══ crosses a trust boundary and asks for no identity"))
	p.write("┌ client " + rule(cw-6) + "┐" + strings.Repeat(" ", lw) + "┌ host " + rule(hw-4) + "┐" + strings.Repeat(" ", gw) + "┌ registry " + rule(rw-8) + "┐")
	for i := range rows {
		p.write("│ " + pad(at(client, i), cw) + " │" + arrowAt(left, i, lw) + "│ " + pad(at(host, i), hw) + " │" + arrowAt(right, i, gw) + "│ " + pad(at(registry, i), rw) + " │")
	}
	p.write("└" + rule(cw+2) + "┘" + strings.Repeat(" ", lw) + "└" + rule(hw+2) + "┘" + strings.Repeat(" ", gw) + "└" + rule(rw+2) + "┘")
	return true
}

const leastHost = 24 // columns of the host's box; with less there is no map

// folded breaks the lines that are too wide for a box.
func folded(lines []string, width int) []string {
	var out []string
	for _, l := range lines {
		for i, part := range fold(l, width-2) {
			if i > 0 {
				part = "  " + part
			}
			out = append(out, part)
		}
	}
	return out
}

func rule(n int) string { return strings.Repeat("─", max(0, n)) }

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

func width(lines []string, least, most int) int {
	w := least
	for _, l := range lines {
		w = max(w, columns(l))
	}
	return min(w, most)
}

const maxRows = 8 // lines in a box; more are summed up

// boxLines lists the elements of a zone.
func boxLines(r *report.Result, z model.Zone) []string {
	var lines []string
	for _, e := range r.Model.Elements {
		if e.Zone != z {
			continue
		}
		s := Clean(e.Name)
		if e.Count > 1 {
			s = fmt.Sprintf("%s  %d", s, e.Count)
		}
		lines = append(lines, s)
	}
	if len(lines) > maxRows {
		more := len(lines) - maxRows + 1
		lines = append(lines[:maxRows-1], fmt.Sprintf("and %d more", more))
	}
	return lines
}

// hostLines lists the engine's chain on one line, then stores and containers,
// then flows inside the host that cross a boundary.
func hostLines(r *report.Result) []string {
	var chain []string
	var lines []string
	for _, e := range r.Model.Elements {
		if e.Zone != model.ZoneHost {
			continue
		}
		base := e.ID[strings.LastIndexByte(e.ID, '/')+1:]
		if slices.Contains([]string{"dockerd", "containerd", "runc"}, base) {
			chain = append(chain, e.Name)
			continue
		}
		var s strings.Builder
		s.WriteString(count(e.Count, strings.TrimSuffix(Clean(e.Name), "s"), Clean(e.Name)))
		for _, n := range e.Notes {
			s.WriteString(" · " + Clean(n))
		}
		lines = append(lines, s.String())
	}
	for _, f := range r.Model.Flows {
		if zoneOf(r, f.From) == model.ZoneHost && zoneOf(r, f.To) == model.ZoneHost && f.Crosses {
			lines = append(lines, Clean(f.Label))
		}
	}
	return append([]string{strings.Join(chain, " ─▶ ")}, lines...)
}

func zoneOf(r *report.Result, id string) model.Zone {
	for _, e := range r.Model.Elements {
		if e.ID == id {
			return e.Zone
		}
	}
	return ""
}

// nameOf is what a list calls an element: of clusters their names, since their IDs
// say more than a person needs.
func nameOf(r *report.Result, id string) string {
	if strings.HasPrefix(id, model.KubePrefix) {
		for _, e := range r.Model.Elements {
			if e.ID == id {
				return Clean(e.Name)
			}
		}
	}
	return Clean(id)
}

// arrow is one flow between two boxes.
type arrow struct {
	label   string
	exposed bool
	style   func(string) string
}

func (p *page) arrows(r *report.Result, from, to model.Zone) []arrow {
	var out []arrow
	for _, f := range r.Model.Flows {
		if zoneOf(r, f.From) != from || zoneOf(r, f.To) != to {
			continue
		}
		a := arrow{label: cut(Clean(f.Label), 18), exposed: f.Exposed, style: func(s string) string { return s }}
		if f.Exposed {
			a.style = func(s string) string { return p.band("critical", s) }
		}
		out = append(out, a)
	}
	if len(out) > maxRows {
		out = append(out[:maxRows-1], arrow{label: fmt.Sprintf("%d more", len(out)-maxRows+1), style: func(s string) string { return s }})
	}
	return out
}

func arrowWidth(as []arrow) int {
	w := 6
	for _, a := range as {
		w = max(w, columns(a.label)+6)
	}
	return w
}

func arrowAt(as []arrow, i, w int) string {
	if i >= len(as) {
		return strings.Repeat(" ", w)
	}
	a := as[i]
	line := "─"
	if a.exposed {
		line = "═"
	}
	body := line + " " + a.label + " "
	return a.style(body + strings.Repeat(line, max(1, w-columns(body)-1)) + "▶")
}

// mapList is the map as lines.
func (p *page) mapList(r *report.Result) {
	p.line(p.bold("SYSTEM"))
	for _, z := range model.Zones {
		lines := boxLines(r, z)
		switch z {
		case model.ZoneHost:
			lines = hostLines(r)
		case model.ZoneNodeRuntime:
			lines = noted(r, z)
		default:
		}
		if len(lines) > 0 && strings.Join(lines, "") != "" {
			p.wrap("  ", string(z)+": "+strings.Join(lines, "; "))
		}
	}
	for _, f := range r.Model.Flows {
		if !f.Crosses {
			continue
		}
		p.crossing(r, &f)
	}
}
