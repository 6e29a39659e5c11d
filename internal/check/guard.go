package check

// Guard is the twin of a check for the API server: an expression (CEL) that is true
// of every object that the check does not fail, so that a
// ValidatingAdmissionPolicy keeps out what the check would find.
type Guard struct {
	Check *Check

	// Level is the lowest level of the Pod Security Standards that asks for it:
	// baseline, restricted, or empty when none does.
	Level string

	// On lists the resources that it is for; empty: pods, and everything with a
	// template of pods.
	On []GuardResource

	// PodsOnly leaves templates out: what decides is known of pods alone.
	PodsOnly bool

	// Says is what is said to who is turned away.
	Says string

	// Expression returns the expression. Of pods and templates it may use the
	// variables spec, of the pod; containers, of every list, and running, those that
	// run as long as the pod; and windows. Of others it has object.
	Expression func(GuardInputs) string
}

// GuardResource is a resource that a guard is for.
type GuardResource struct{ Group, Version, Resource string }

// GuardInputs is what the expression of a guard is made with.
type GuardInputs struct {
	List func(param string) []string // values of policy of its check
}
