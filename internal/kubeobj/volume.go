package kubeobj

import (
	"cmp"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plimsoll/internal/snapshot"
)

func volume(v *corev1.Volume) snapshot.PodVolume {
	out := snapshot.PodVolume{Name: v.Name, Type: cmp.Or(chosen(v.VolumeSource), "emptyDir")}
	switch {
	case v.HostPath != nil:
		out.Path = v.HostPath.Path
	case v.EmptyDir != nil:
		out.Medium, out.SizeLimit = string(v.EmptyDir.Medium), bytesOf(v.EmptyDir.SizeLimit)
	case v.Secret != nil:
		out.Source = v.Secret.SecretName
	case v.ConfigMap != nil:
		out.Source = v.ConfigMap.Name
	case v.PersistentVolumeClaim != nil:
		out.Source, out.ReadOnly = v.PersistentVolumeClaim.ClaimName, v.PersistentVolumeClaim.ReadOnly
	case v.CSI != nil:
		out.Source, out.ReadOnly = v.CSI.Driver, isTrue(v.CSI.ReadOnly)
	case v.FlexVolume != nil:
		out.Source, out.ReadOnly = v.FlexVolume.Driver, v.FlexVolume.ReadOnly
	case v.NFS != nil:
		out.Source, out.Path, out.ReadOnly = v.NFS.Server, v.NFS.Path, v.NFS.ReadOnly
	case v.Image != nil:
		out.Source = v.Image.Reference
	case v.Projected != nil:
		for i := range v.Projected.Sources {
			out.Projected = append(out.Projected, projected(&v.Projected.Sources[i]))
		}
	}
	return out
}

const (
	tokenSeconds = 3600 // life of a projected token when none is said
	tokenSource  = "serviceAccountToken"
)

func projected(p *corev1.VolumeProjection) snapshot.ProjectedSource {
	s := snapshot.ProjectedSource{Kind: chosen(*p)}
	switch {
	case p.ServiceAccountToken != nil:
		s.Audience, s.Seconds = p.ServiceAccountToken.Audience, tokenSeconds
		if n := p.ServiceAccountToken.ExpirationSeconds; n != nil {
			s.Seconds = *n
		}
	case p.Secret != nil:
		s.Name = p.Secret.Name
	case p.ConfigMap != nil:
		s.Name = p.ConfigMap.Name
	case p.ClusterTrustBundle != nil && p.ClusterTrustBundle.Name != nil:
		s.Name = *p.ClusterTrustBundle.Name
	case p.PodCertificate != nil:
		s.Name = p.PodCertificate.SignerName
	}
	return s
}

// chosen names the one field that is set of a type that is a choice, as the API
// does; "" when none is.
func chosen(union any) string {
	v := reflect.ValueOf(union)
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			return name
		}
	}
	return ""
}
