package survey

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"plimsoll/internal/collect/kube"
	"plimsoll/internal/kubeapi"
	"plimsoll/internal/snapshot"
)

// cluster collects one cluster, by the context that was named.
func (s *survey) cluster(ctx context.Context, name string) error {
	cfg, err := kubeapi.Load(kubeapi.Request{Context: name, Kubeconfig: s.Kubeconfig, Env: s.Env, Home: s.Home})
	if err != nil {
		return err
	}
	s.say("cluster of " + cfg.Name())
	c, err := kubeapi.Connect(ctx, cfg)
	if err != nil {
		return err
	}
	defer c.Close()
	fragment := kube.Collect(ctx, kube.Options{
		Client: c, Kubelets: s.Kubelets, Parallel: s.Parallel, Taken: s.Now(), Resolve: resolve,
		Progress: func(done, total int) { s.say(fmt.Sprintf("cluster of %s: %d of %d", cfg.Name(), done, total)) },
	})
	if why := blind(fragment); why != "" && ctx.Err() == nil {
		return fmt.Errorf("nothing of the cluster could be read by %s: %s", cfg.Name(), why)
	}
	if err := s.builder.Join(fragment); err != nil {
		return err
	}
	if cfg.Insecure && s.Note != nil {
		s.Note(cfg.Name() + " does not verify the API server's certificate; what was read may come from anyone between")
	}
	return nil
}

// blind says why nothing at all was read of a cluster that answered; "" when
// something was.
func blind(f *snapshot.Snapshot) string {
	why := ""
	for _, p := range f.Parts {
		if p.Item != "" || p.Part == snapshot.PartClusterVersion || p.State == snapshot.Skipped {
			continue
		}
		if p.State == snapshot.Observed {
			return ""
		}
		if why == "" {
			why = p.Detail
		}
	}
	if why == "" {
		why = "it serves no kind that is known"
	}
	return why
}

// resolve looks a name up, for a moment. An address is its own answer.
func resolve(ctx context.Context, host string) []string {
	if a, err := netip.ParseAddr(host); err == nil {
		return []string{a.String()}
	}
	const patience = 3 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	list, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return nil
	}
	const most = 16
	slices.Sort(list)
	return list[:min(len(list), most)]
}
