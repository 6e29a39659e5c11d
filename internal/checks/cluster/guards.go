package cluster

import "plimsoll/internal/check"

// Guards are the twins of checks that one object decides.
var Guards = []check.Guard{
	{
		Check: externalIPs, Says: "a service must not claim external IPs",
		On:         []check.GuardResource{{Version: "v1", Resource: "services"}},
		Expression: func(check.GuardInputs) string { return "size(object.spec.?externalIPs.orValue([])) == 0" },
	},
	{
		Check: allowAll, Says: "a network policy must not admit everyone on every port",
		On: []check.GuardResource{{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"}},
		Expression: func(check.GuardInputs) string {
			return narrow("Ingress", "ingress", "from") + " &&\n" + narrow("Egress", "egress", "to")
		},
	},
}

// narrow is true of a policy no rule of which, in a direction, admits everyone on
// every port.
func narrow(direction, rules, peers string) string {
	empty := func(selector string) string {
		return "size(p.?" + selector + ".?matchLabels.orValue({})) == 0 && size(p.?" + selector + ".?matchExpressions.orValue([])) == 0"
	}
	return "(!object.spec.?policyTypes.orValue(['" + direction + "']).exists(t, t == '" + direction + "') || object.spec.?" + rules + ".orValue([]).all(r,\n" +
		"    size(r.?ports.orValue([])) > 0 ||\n" +
		"    size(r.?" + peers + ".orValue([])) > 0 && !r." + peers + ".exists(p,\n" +
		"      has(p.ipBlock) && p.ipBlock.cidr.endsWith('/0') && size(p.ipBlock.?except.orValue([])) == 0 ||\n" +
		"      has(p.namespaceSelector) && " + empty("namespaceSelector") + " &&\n        " + empty("podSelector") + ")))"
}
