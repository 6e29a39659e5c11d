package kubeobj

import (
	"maps"
	"slices"
	"strings"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"

	"plimsoll/internal/snapshot"
)

// limits takes what bounds and ranks pods.
func (b *Builder) limits(o any, from Origin) bool {
	s := &b.out
	switch o := o.(type) {
	case *corev1.ResourceQuota:
		s.Quotas = append(s.Quotas, snapshot.Quota{
			Scope: b.Scope, Namespace: o.Namespace, Name: objectName(&o.ObjectMeta), Hard: quantities(o.Spec.Hard), Scopes: quotaScopes(&o.Spec), Loc: from.Loc,
		})
	case *corev1.LimitRange:
		for _, l := range o.Spec.Limits {
			s.LimitRanges = append(s.LimitRanges, snapshot.LimitRange{
				Scope: b.Scope, Namespace: o.Namespace, Name: objectName(&o.ObjectMeta), Type: string(l.Type), Default: limitDefault(&l), Request: requestDefault(&l),
				Max: amounts(l.Max), Min: amounts(l.Min), Loc: from.Loc,
			})
		}
	case *policyv1.PodDisruptionBudget:
		d := snapshot.DisruptionBudget{
			Scope: b.Scope, Namespace: o.Namespace, Name: objectName(&o.ObjectMeta), Pods: selector(o.Spec.Selector), Disruptions: o.Status.DisruptionsAllowed, Loc: from.Loc,
		}
		if o.Spec.MinAvailable != nil {
			d.Min = o.Spec.MinAvailable.String()
		}
		if o.Spec.MaxUnavailable != nil {
			d.Max = o.Spec.MaxUnavailable.String()
		}
		s.DisruptionBudgets = append(s.DisruptionBudgets, d)
	case *autoscalingv2.HorizontalPodAutoscaler:
		b.autoscaler(snapshot.Autoscaler{Namespace: o.Namespace, Name: objectName(&o.ObjectMeta), Target: o.Spec.ScaleTargetRef.Kind + "/" + o.Spec.ScaleTargetRef.Name, Max: o.Spec.MaxReplicas, Loc: from.Loc}, o.Spec.MinReplicas)
	case *autoscalingv1.HorizontalPodAutoscaler:
		b.autoscaler(snapshot.Autoscaler{Namespace: o.Namespace, Name: objectName(&o.ObjectMeta), Target: o.Spec.ScaleTargetRef.Kind + "/" + o.Spec.ScaleTargetRef.Name, Max: o.Spec.MaxReplicas, Loc: from.Loc}, o.Spec.MinReplicas)
	case *schedulingv1.PriorityClass:
		c := snapshot.PriorityClass{Scope: b.Scope, Name: objectName(&o.ObjectMeta), Value: o.Value, Default: o.GlobalDefault, Loc: from.Loc}
		if o.PreemptionPolicy != nil {
			c.Preemption = unless(string(*o.PreemptionPolicy), string(corev1.PreemptLowerPriority))
		}
		s.PriorityClasses = append(s.PriorityClasses, c)
	case *nodev1.RuntimeClass:
		s.RuntimeClasses = append(s.RuntimeClasses, snapshot.RuntimeClass{Scope: b.Scope, Name: objectName(&o.ObjectMeta), Handler: o.Handler, Loc: from.Loc})
	default:
		return false
	}
	return true
}

func (b *Builder) autoscaler(a snapshot.Autoscaler, least *int32) {
	a.Scope, a.Min = b.Scope, 1
	if least != nil {
		a.Min = *least
	}
	b.out.Autoscalers = append(b.out.Autoscalers, a)
}

func quantities(list corev1.ResourceList) []snapshot.Pair {
	var out []snapshot.Pair
	for _, k := range slices.Sorted(maps.Keys(list)) {
		q := list[k]
		out = append(out, snapshot.Pair{Key: string(k), Value: q.String()})
	}
	return out
}

func quotaScopes(s *corev1.ResourceQuotaSpec) []string {
	out := words(s.Scopes)
	if s.ScopeSelector != nil {
		for _, e := range s.ScopeSelector.MatchExpressions {
			out = append(out, strings.TrimSpace(string(e.ScopeName)+" "+string(e.Operator)+" "+strings.Join(e.Values, ",")))
		}
	}
	return out
}

// limitDefault is the limit that a container gets which has none: the greatest
// allowed where no other is said. As the API server sets it.
func limitDefault(l *corev1.LimitRangeItem) snapshot.Amounts {
	d := amounts(l.Default)
	if l.Type == corev1.LimitTypeContainer {
		fill(&d, amounts(l.Max))
	}
	return d
}

// requestDefault is what is asked for in the name of a container that does not: the
// limit set by default, else the least allowed.
func requestDefault(l *corev1.LimitRangeItem) snapshot.Amounts {
	d := amounts(l.DefaultRequest)
	if l.Type == corev1.LimitTypeContainer {
		fill(&d, limitDefault(l))
		fill(&d, amounts(l.Min))
	}
	return d
}

// fill sets of a what it does not say.
func fill(a *snapshot.Amounts, from snapshot.Amounts) {
	if a.CPU == nil {
		a.CPU = from.CPU
	}
	if a.Memory == nil {
		a.Memory = from.Memory
	}
	if a.Storage == nil {
		a.Storage = from.Storage
	}
}
