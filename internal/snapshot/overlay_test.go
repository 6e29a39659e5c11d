package snapshot

import "testing"

func TestOverlayByKind(t *testing.T) {
	base := &Snapshot{
		Containers:     []Container{{Scope: "s", Key: "a"}, {Scope: "s", Key: "b"}},
		ContainerSpecs: []ContainerSpec{{}}, Runtimes: []Runtime{{}},
	}
	o := NewOverlay(base)
	const field = "HostConfig.Memory"
	for _, key := range []string{"a", "b"} {
		if err := o.Set(KindContainer, "s", key, field, "64"); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := o.Get(KindContainer, "s", "b", field); v != "64" || err != nil {
		t.Errorf("got %q, %v", v, err)
	}
	after := o.Snapshot()
	if after.Containers[0].Spec != after.Containers[1].Spec || base.Containers[0].Spec != 0 || base.ContainerSpecs[0].Resources.Memory != 0 {
		t.Error("equal containers were told apart, or the base was changed")
	}
	for _, bad := range []struct{ kind, key, field string }{
		{string(KindEngine), "a", field}, {string(KindContainer), "c", field}, {string(KindContainer), "a", "HostConfig.Nothing"},
	} {
		if err := o.Set(Kind(bad.kind), "s", bad.key, bad.field, "1"); err == nil {
			t.Errorf("set %+v", bad)
		}
		if _, err := o.Get(Kind(bad.kind), "s", bad.key, bad.field); err == nil {
			t.Errorf("got %+v", bad)
		}
	}
}
