package kubeobj

import (
	"slices"

	flowv1 "k8s.io/api/flowcontrol/v1"

	"plimsoll/internal/snapshot"
)

// flow takes what sorts and bounds requests to the API server.
func (b *Builder) flow(o any, _ Origin) bool {
	switch o := o.(type) {
	case *flowv1.FlowSchema:
		f := snapshot.FlowSchema{
			Scope: b.Scope, Name: objectName(&o.ObjectMeta), Level: o.Spec.PriorityLevelConfiguration.Name, Precedence: o.Spec.MatchingPrecedence,
			BuiltIn: o.Annotations[flowv1.AutoUpdateAnnotationKey] == "true",
		}
		for _, r := range o.Spec.Rules {
			for _, s := range r.Subjects {
				switch {
				case s.User != nil:
					f.Subjects = append(f.Subjects, "User/"+s.User.Name)
				case s.Group != nil:
					f.Subjects = append(f.Subjects, "Group/"+s.Group.Name)
				case s.ServiceAccount != nil:
					f.Subjects = append(f.Subjects, "ServiceAccount/"+s.ServiceAccount.Namespace+"/"+s.ServiceAccount.Name)
				}
			}
		}
		f.Subjects = sortedSet(f.Subjects)
		b.out.FlowSchemas = append(b.out.FlowSchemas, f)
	case *flowv1.PriorityLevelConfiguration:
		l := snapshot.PriorityLevel{
			Scope: b.Scope, Name: objectName(&o.ObjectMeta), Exempt: o.Spec.Type == flowv1.PriorityLevelEnablementExempt,
			BuiltIn: o.Annotations[flowv1.AutoUpdateAnnotationKey] == "true",
		}
		if c := o.Spec.Limited; c != nil {
			l.Queue = c.LimitResponse.Type == flowv1.LimitResponseTypeQueue
			if c.NominalConcurrencyShares != nil {
				l.Shares = *c.NominalConcurrencyShares
			}
		}
		b.out.PriorityLevels = append(b.out.PriorityLevels, l)
	default:
		return false
	}
	return true
}

// markDangling notes the schemas whose level is missing.
func (b *Builder) markDangling() {
	for i := range b.out.FlowSchemas {
		f := &b.out.FlowSchemas[i]
		f.Dangling = !slices.ContainsFunc(b.out.PriorityLevels, func(l snapshot.PriorityLevel) bool { return l.Name == f.Level })
	}
}
