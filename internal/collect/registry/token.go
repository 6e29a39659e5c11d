package registry

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// asking is the repository that a token is asked for; there is none of the name.
const asking = "plimsoll-none/none"

// token asks the token service, without a login, for the right to pull one
// repository. A service on another host than the registry's is not asked.
func (c *collector) token(ctx context.Context) {
	i := slices.IndexFunc(c.challenges, func(ch challenge) bool { return ch.Scheme == "bearer" })
	if i < 0 {
		c.reg.Token = snapshot.Missing[snapshot.RegistryToken](snapshot.Absent, snapshot.ReasonNone, "WWW-Authenticate")
		return
	}
	ch := c.challenges[i]
	source := "token service at " + cmp.Or(ch.Realm, "an address that is no URL")
	u, err := url.Parse(ch.url)
	if err != nil || !strings.EqualFold(u.Hostname(), c.host) || u.User != nil || !strings.HasPrefix(c.base, u.Scheme+"://") {
		c.reg.Token = snapshot.Missing[snapshot.RegistryToken](snapshot.Skipped, snapshot.ReasonNotCollected, source)
		return
	}
	q := u.Query()
	q.Set("service", ch.Service)
	q.Set("scope", "repository:"+asking+":pull")
	u.RawQuery = q.Encode()
	a, err := c.client.get(ctx, u.String(), maxList)
	if err != nil {
		c.reg.Token = snapshot.Missing[snapshot.RegistryToken](snapshot.Failed, snapshot.ReasonFailed, source)
		return
	}
	t := snapshot.RegistryToken{Status: a.status}
	if a.status == http.StatusOK {
		readToken(&t, a.body)
	}
	c.reg.Token = snapshot.Seen(t, source)
}

// readToken keeps what a token grants and how long; the token itself goes.
func readToken(t *snapshot.RegistryToken, body []byte) {
	var reply struct {
		Token  string `json:"token"`
		Access string `json:"access_token"`
		Lives  int64  `json:"expires_in"`
	}
	t.Opaque = true
	if json.Unmarshal(body, &reply) != nil {
		return
	}
	t.Seconds = reply.Lives
	parts := strings.Split(cmp.Or(reply.Token, reply.Access), ".")
	if len(parts) != 3 {
		return
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return
	}
	var claims struct {
		Expires   float64 `json:"exp"`
		Issued    float64 `json:"iat"`
		NotBefore float64 `json:"nbf"`
		Access    []struct {
			Type    string   `json:"type"`
			Name    string   `json:"name"`
			Actions []string `json:"actions"`
		} `json:"access"`
	}
	if json.Unmarshal(raw, &claims) != nil {
		return
	}
	t.Opaque = false
	const most = 1e15 // beyond it a number of seconds is no time
	if from := cmp.Or(claims.Issued, claims.NotBefore); from > 0 && claims.Expires > from && claims.Expires < most {
		t.Seconds = int64(claims.Expires - from)
	}
	for _, g := range claims.Access {
		if len(t.Grants) < 16 {
			t.Grants = append(t.Grants, shorten(g.Type+":"+g.Name+":"+strings.Join(g.Actions, ",")))
		}
		t.Wider = t.Wider || g.Type != "repository" || g.Name != asking || slices.ContainsFunc(g.Actions, func(a string) bool { return a != "pull" })
	}
}
