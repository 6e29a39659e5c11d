package kubeobj

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plimsoll/internal/snapshot"
)

// data takes what holds data of users.
func (b *Builder) data(o any, from Origin) bool {
	s := &b.out
	switch o := o.(type) {
	case *corev1.Secret:
		r := b.secret(&o.ObjectMeta, from)
		r.Type, r.Immutable = string(o.Type), isTrue(o.Immutable)
		for _, k := range slices.Sorted(maps.Keys(o.Data)) {
			r.Keys = append(r.Keys, snapshot.Conceal(k, string(o.Data[k])))
		}
		for _, k := range slices.Sorted(maps.Keys(o.StringData)) {
			v := snapshot.Conceal(k, o.StringData[k])
			if i := slices.IndexFunc(r.Keys, func(x snapshot.Secretish) bool { return x.Name == k }); i >= 0 {
				r.Keys[i] = v // it is written over the other when stored
			} else {
				r.Keys = append(r.Keys, v)
			}
		}
		s.Secrets = append(s.Secrets, r)
	case *corev1.ConfigMap:
		b.configMap(o, from)
	case *storagev1.StorageClass:
		c := snapshot.StorageClass{Scope: b.Scope, Name: objectName(&o.ObjectMeta), Provisioner: o.Provisioner, Loc: from.Loc}
		for _, p := range pairs(o.Parameters) {
			if v := snapshot.Conceal(p.Key, p.Value); v.Shape == snapshot.ShapePlain || v.Shape == snapshot.ShapePath || v.Shape == snapshot.ShapeEmpty {
				c.Parameters = append(c.Parameters, p)
			}
		}
		s.StorageClasses = append(s.StorageClasses, c)
	case *corev1.PersistentVolume:
		s.PersistentVolumes = append(s.PersistentVolumes, b.persistentVolume(o, from))
	case *corev1.PersistentVolumeClaim:
		v := snapshot.PersistentVolume{Scope: b.Scope, Name: objectName(&o.ObjectMeta), Type: "persistentVolumeClaim", Claim: o.Namespace + "/" + objectName(&o.ObjectMeta), Loc: from.Loc}
		if o.Spec.StorageClassName != nil {
			v.Class = *o.Spec.StorageClassName
		}
		s.PersistentVolumes = append(s.PersistentVolumes, v)
	default:
		return false
	}
	return true
}

// Of legacy tokens the API server keeps when they were last used.
const lastUsed = "kubernetes.io/legacy-token-last-used"

func (b *Builder) secret(m *metav1.ObjectMeta, from Origin) snapshot.Secret {
	return snapshot.Secret{
		Scope: b.Scope, Namespace: m.Namespace, Name: objectName(m), UID: string(m.UID), Account: m.Annotations[corev1.ServiceAccountNameKey],
		Created: stamp(m.CreationTimestamp), LastUsed: m.Labels[lastUsed], Owner: owner(m), Loc: from.Loc,
	}
}

func (b *Builder) persistentVolume(o *corev1.PersistentVolume, from Origin) snapshot.PersistentVolume {
	v := snapshot.PersistentVolume{
		Scope: b.Scope, Name: objectName(&o.ObjectMeta), Type: chosen(o.Spec.PersistentVolumeSource), Class: o.Spec.StorageClassName, Loc: from.Loc,
	}
	switch {
	case o.Spec.HostPath != nil:
		v.Path = o.Spec.HostPath.Path
	case o.Spec.Local != nil:
		v.Path = o.Spec.Local.Path
	case o.Spec.NFS != nil:
		v.Path = o.Spec.NFS.Path
	case o.Spec.CSI != nil:
		v.Driver = o.Spec.CSI.Driver
	case o.Spec.FlexVolume != nil:
		v.Driver = o.Spec.FlexVolume.Driver
	}
	if c := o.Spec.ClaimRef; c != nil {
		v.Claim = c.Namespace + "/" + c.Name
	}
	return v
}

// metadata takes an object of which only the metadata was read: a secret then has
// no keys, and of other kinds it is known that they are there.
func (b *Builder) metadata(o *metav1.PartialObjectMetadata, from Origin) {
	switch {
	case o.Kind == "Secret" && o.APIVersion == "v1":
		b.out.Secrets = append(b.out.Secrets, b.secret(&o.ObjectMeta, from))
	case o.Kind == "ConfigMap" && o.APIVersion == "v1":
		b.out.ConfigMaps = append(b.out.ConfigMaps, snapshot.ConfigMap{
			Scope: b.Scope, Namespace: o.Namespace, Name: objectName(&o.ObjectMeta), UID: string(o.UID), Created: stamp(o.CreationTimestamp), Loc: from.Loc,
		})
	case policyKinds[groupKind(o.APIVersion, o.Kind)] != "":
		b.out.NetworkPolicies = append(b.out.NetworkPolicies, snapshot.NetworkPolicy{
			Scope: b.Scope, Kind: o.Kind, Namespace: o.Namespace, Name: objectName(&o.ObjectMeta), UID: string(o.UID), Owner: owner(&o.ObjectMeta), Loc: from.Loc,
		})
	default:
		b.Count(o.APIVersion, o.Kind, 1, false)
	}
}
