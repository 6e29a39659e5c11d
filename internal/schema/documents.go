package schema

import (
	"reflect"

	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// Documents lists the kinds of document whose schemas come from Go types.
func Documents() []Document {
	enums := enums()
	return []Document{
		{
			Name: "snapshot", Title: "Evidence of one collection by plimsoll", Value: snapshot.Snapshot{}, Enums: enums,
			Const: map[string]string{"schema": snapshot.Schema},
		},
		{
			Name: "result", Title: "What plimsoll decided from a snapshot", Value: report.Document{}, Enums: enums,
			Const: map[string]string{"schema": report.Schema},
		},
		{
			Name: "plan", Title: "The measures that plimsoll chose", Value: report.PlanFile{}, Enums: enums,
			Const: map[string]string{"schema": report.PlanSchema},
		},
	}
}

// enums lists the types that are written as one of a few strings. Kinds, zones
// and surfaces are left open: later versions add to them.
func enums() map[reflect.Type][]string {
	return map[reflect.Type][]string{
		reflect.TypeFor[snapshot.State]():  names(snapshot.Skipped, snapshot.Observed, snapshot.Absent, snapshot.Denied, snapshot.Failed),
		reflect.TypeFor[snapshot.Reason](): texts(snapshot.Reasons),
		reflect.TypeFor[snapshot.Shape](): texts([]snapshot.Shape{
			snapshot.ShapeEmpty, snapshot.ShapePlain, snapshot.ShapePath, snapshot.ShapeURL, snapshot.ShapeURLCreds,
			snapshot.ShapeKey, snapshot.ShapeToken, snapshot.ShapeEntropy, snapshot.ShapeBinary,
		}),
		reflect.TypeFor[step.Disturb](): names(step.DisturbNone, step.DisturbUpdate, step.DisturbRecreate, step.DisturbRestart),
		reflect.TypeFor[step.Undo]():    texts([]step.Undo{step.UndoExact, step.UndoEquivalent}),
	}
}

func names[T interface{ String() string }](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.String()
	}
	return out
}

func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
