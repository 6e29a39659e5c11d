package docker

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// decodeSwarm reads what GET /info says of the swarm. GET /swarm says no more but
// for the tokens that let machines join, and GET /swarm/unlockkey is the key
// itself, so that neither is asked.
func decodeSwarm(info answer.Object, w *snapshot.Swarm) {
	o, ok := info.Child("Swarm")
	if !ok {
		return // Podman has none
	}
	w.NodeID, w.NodeAddr = o.Text("NodeID", answer.MaxShort), o.Text("NodeAddr", answer.MaxShort)
	o.Read("ControlAvailable", &w.Manager)
	var trouble string
	o.Read("Error", &trouble)
	w.Error = trouble != ""
	cluster, ok := o.Child("Cluster")
	if !ok {
		return
	}
	w.ID = cluster.Text("ID", answer.MaxShort)
	w.Created, w.Updated = moment(cluster, "CreatedAt"), moment(cluster, "UpdatedAt")
	cluster.Read("RootRotationInProgress", &w.RootRotation)
	if tls, ok := cluster.Child("TLSInfo"); ok {
		w.RootCertificates = certificates(tls, "TrustRoot")
	}
	spec, ok := cluster.Child("Spec")
	if !ok {
		return
	}
	var ca struct {
		NodeCertExpiry time.Duration
		ExternalCAs    []struct{}
	}
	spec.Read("CAConfig", &ca)
	w.NodeCertExpiry, w.ExternalCAs = int64(ca.NodeCertExpiry/time.Second), len(ca.ExternalCAs)
	var encryption struct{ AutoLockManagers bool }
	spec.Read("EncryptionConfig", &encryption)
	w.AutoLock = encryption.AutoLockManagers
	var raft struct{ SnapshotInterval, KeepOldSnapshots, ElectionTick, HeartbeatTick int64 }
	spec.Read("Raft", &raft)
	w.Raft = snapshot.SwarmRaft(raft)
}

// moment reads a time, in whole seconds UTC.
func moment(o answer.Object, name string) time.Time {
	var t time.Time
	o.Read(name, &t)
	return t.UTC().Truncate(time.Second)
}

const maxRoots = 16 // certificates of one bundle

// certificates reads a bundle of certificates in PEM. One that is not understood
// is noted: it might be the oldest.
func certificates(o answer.Object, name string) []snapshot.Certificate {
	rest := []byte(o.Text(name, 256<<10))
	var out []snapshot.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" || len(out) == maxRoots {
			o.Reject(name)
			break
		}
		out = append(out, snapshot.Certificate{
			Subject: answer.Short(c.Subject.CommonName, answer.MaxShort), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
		})
	}
	if len(strings.TrimSpace(string(rest))) > 0 {
		o.Reject(name)
	}
	return out
}

// cluster is the engine's view of its swarm.
func (c *collector) cluster() snapshot.Fact[snapshot.Swarm] {
	const source = "GET /info Swarm"
	switch {
	case c.engine.Swarm == "":
		return snapshot.Missing[snapshot.Swarm](snapshot.Skipped, snapshot.ReasonNotCollected, source)
	case !c.engine.InSwarm():
		return snapshot.Missing[snapshot.Swarm](snapshot.Absent, snapshot.ReasonNone, source)
	}
	return snapshot.Seen(c.swarm, source)
}

// outside covers a part of the swarm that this engine cannot be asked for, and
// reports whether that is so.
func (c *collector) outside(part snapshot.Part) bool {
	st := snapshot.PartStatus{Part: part, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected}
	switch {
	case c.engine.Swarm == "":
		st.Detail = "the engine did not say whether it is part of a swarm"
	case !c.engine.InSwarm():
		st = snapshot.PartStatus{Part: part, State: snapshot.Absent, Detail: "the engine is not part of a swarm"}
	case c.engine.Swarm == "locked":
		st.Detail, st.Grant = "the swarm is locked: its managers know nothing until one enters the unlock key", "docker swarm unlock"
	case !c.swarm.Manager:
		st.Detail, st.Grant = "only a manager of the swarm is told about it", "run plimsoll on a manager"
	default:
		return false
	}
	c.cover(st)
	return true
}

// listNodes reads the members of the swarm.
func (c *collector) listNodes(ctx context.Context) {
	if c.outside(snapshot.PartEngineSwarm) {
		return
	}
	c.list(ctx, snapshot.PartEngineSwarm, "/nodes", "", func(o answer.Object) bool {
		n := snapshot.SwarmNode{ID: o.Text("ID", answer.MaxShort)}
		var spec struct{ Role, Availability string }
		o.Read("Spec", &spec)
		n.Role, n.Availability = answer.Short(spec.Role, answer.MaxShort), answer.Short(spec.Availability, answer.MaxShort)
		var about struct {
			Hostname string
			Engine   struct{ EngineVersion string }
		}
		o.Read("Description", &about)
		n.Hostname, n.Engine = answer.Short(about.Hostname, answer.MaxShort), answer.Short(about.Engine.EngineVersion, answer.MaxShort)
		var status struct{ State, Addr string }
		o.Read("Status", &status)
		n.State, n.Addr = answer.Short(status.State, answer.MaxShort), answer.Short(status.Addr, answer.MaxShort)
		var manager struct {
			Leader             bool
			Reachability, Addr string
		}
		o.Read("ManagerStatus", &manager)
		n.Leader, n.Reachability, n.ManagerAddr = manager.Leader, answer.Short(manager.Reachability, answer.MaxShort), answer.Short(manager.Addr, answer.MaxShort)
		c.swarm.Nodes = append(c.swarm.Nodes, n)
		return n.ID != "" && n.Role != ""
	})
	slices.SortFunc(c.swarm.Nodes, func(a, b snapshot.SwarmNode) int { return strings.Compare(a.ID, b.ID) })
}
