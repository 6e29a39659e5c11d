package text

import (
	"fmt"
	"strings"

	"plimsoll/internal/model"
	"plimsoll/internal/report"
)

// clusterMap draws client, control plane and nodes; the provider and what goes
// around the control plane stand below. False says that there is no room.
func (p *page) clusterMap(r *report.Result) bool {
	client, plane, nodes := boxLines(r, model.ZoneClient), boxLines(r, model.ZoneControlPlane), noted(r, model.ZoneNodeRuntime)
	left, right := p.arrows(r, model.ZoneClient, model.ZoneControlPlane), p.arrows(r, model.ZoneControlPlane, model.ZoneNodeRuntime)
	cw, mw, nw := width(client, 14, 22), width(plane, 17, 34), width(nodes, 16, 34)
	lw, gw := arrowWidth(left), arrowWidth(right)
	if cw+mw+nw+lw+gw+12 > p.o.Width {
		return false
	}
	rows := max(len(client), len(plane), len(nodes), len(left), len(right))
	p.line(p.bold(pad("SYSTEM MAP", 40)) + p.dim("══ crosses a trust boundary and asks for no identity"))
	p.write("┌ client " + rule(cw-6) + "┐" + strings.Repeat(" ", lw) + "┌ control plane " + rule(mw-13) + "┐" + strings.Repeat(" ", gw) + "┌ nodes " + rule(nw-5) + "┐")
	for i := range rows {
		p.write("│ " + pad(at(client, i), cw) + " │" + arrowAt(left, i, lw) + "│ " + pad(at(plane, i), mw) + " │" + arrowAt(right, i, gw) + "│ " + pad(at(nodes, i), nw) + " │")
	}
	p.write("└" + rule(cw+2) + "┘" + strings.Repeat(" ", lw) + "└" + rule(mw+2) + "┘" + strings.Repeat(" ", gw) + "└" + rule(nw+2) + "┘")
	drawn := func(f *model.Flow) bool {
		a, b := zoneOf(r, f.From), zoneOf(r, f.To)
		return a == model.ZoneClient && b == model.ZoneControlPlane || a == model.ZoneControlPlane && b == model.ZoneNodeRuntime
	}
	for i := range r.Model.Flows {
		if f := &r.Model.Flows[i]; f.Crosses && !drawn(f) {
			p.crossing(r, f)
		}
	}
	return true
}

// noted lists the elements of a zone with what is noted of them.
func noted(r *report.Result, z model.Zone) []string {
	var lines []string
	for _, e := range r.Model.Elements {
		if e.Zone != z {
			continue
		}
		var s strings.Builder
		s.WriteString(count(e.Count, strings.TrimSuffix(Clean(e.Name), "s"), Clean(e.Name)))
		for _, n := range e.Notes {
			s.WriteString(" · " + Clean(n))
		}
		lines = append(lines, s.String())
	}
	return lines
}

// crossing prints one flow as a line.
func (p *page) crossing(r *report.Result, f *model.Flow) {
	s := fmt.Sprintf("%s → %s: %s, identity: %s", nameOf(r, f.From), nameOf(r, f.To), Clean(f.Label), f.Auth)
	if f.Exposed {
		p.hang("  "+p.band("critical", "! "), "    ", p.band("critical", s))
		return
	}
	p.wrap("    ", s)
}

// inventory says in a line how large the clusters are.
func (p *page) inventory(r *report.Result) {
	if r.Model == nil {
		return
	}
	var parts []string
	for _, e := range r.Model.Elements {
		if strings.HasPrefix(e.ID, model.KubePrefix) && e.Zone == model.ZoneNodeRuntime {
			parts = append(parts, count(e.Count, strings.TrimSuffix(e.Name, "s"), e.Name))
		}
	}
	if len(parts) > 0 {
		p.wrap("  ", strings.Join(parts, " · "))
	}
}
