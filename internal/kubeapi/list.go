package kubeapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
)

// Form is how a list is asked for.
type Form int

// The forms.
const (
	Objects Form = iota // protobuf where the server has it, else JSON
	JSON                // for what has no protobuf: instances of custom resource definitions
	Names               // metadata and the columns of a table; contents never leave the server
)

// List is a question for all objects of a resource.
type List struct {
	Path  string // /api/v1/pods, /apis/apps/v1/namespaces/shop/deployments
	Form  Form
	Field string // field selector
	Page  int    // objects that are asked for at once; 0 is the usual number
}

// Sink takes the objects of a list, one by one.
type Sink interface {
	Reset()          // what was taken so far is void: the list begins anew
	Take(Item) error // an error ends the list
}

// Outcome says how a list went.
type Outcome struct {
	Items, Pages int
	Bytes        int64

	// Apart says that the list expired while it was read and went on from a later
	// state: what was made or removed meanwhile may be missing.
	Apart bool
}

// List reads all objects, a page at a time; no more than one page is held. A page
// that is too large or too slow is asked for in smaller ones.
func (c *Client) List(ctx context.Context, l List, to Sink) (Outcome, error) {
	r := reading{Client: c, List: l, limit: cmp.Or(l.Page, c.bounds.page)}
	const anew = 2 // times that a list which expired begins again
	for {
		to.Reset()
		r.Outcome, r.token = Outcome{}, ""
		err := r.all(ctx, to)
		if !errors.Is(err, ErrExpired) || r.again >= anew {
			return r.Outcome, err
		}
		r.again++
	}
}

// reading is a list on its way.
type reading struct {
	*Client
	List
	Outcome
	limit int
	token string // of the next page
	again int
}

func (r *reading) all(ctx context.Context, to Sink) error {
	for {
		p, n, err := r.page(ctx)
		if err != nil {
			if !r.resume(err) {
				return err
			}
			continue
		}
		r.Pages++
		r.Bytes += n
		for i := range p.items {
			if err := to.Take(p.items[i]); err != nil {
				return err
			}
			p.items[i] = Item{} // so that its page can go
		}
		r.Items += len(p.items)
		switch {
		case p.token == "":
			return nil
		case p.token == r.token || r.Pages >= r.bounds.pages:
			return &Error{Op: "GET " + r.Path, Kind: ErrMalformed, Message: fmt.Sprintf("the list has no end after %d pages", r.Pages)}
		}
		r.token = p.token
	}
}

// resume says whether the list can go on after an error: from a later state
// where the server offers that, or in smaller pages.
func (r *reading) resume(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	const smaller, least = 8, 1
	switch {
	case errors.Is(e.Kind, ErrExpired) && e.token != "" && e.token != r.token && r.token != "":
		r.token, r.Apart = e.token, true
		return true
	case (errors.Is(e.Kind, ErrTooLarge) || errors.Is(e.Kind, ErrTimeout) && !e.caller) && r.limit > least:
		r.limit = max(least, r.limit/smaller)
		return true
	}
	return false
}

// page asks for one page and divides it.
func (r *reading) page(ctx context.Context) (p page, size int64, err error) {
	q := url.Values{"limit": {strconv.Itoa(r.limit)}}
	if r.token != "" {
		q.Set("continue", r.token)
	}
	if r.Field != "" {
		q.Set("fieldSelector", r.Field)
	}
	accept := protoForm
	switch r.Form {
	case JSON:
		accept = jsonOnly
	case Names:
		accept = tableForm
		q.Set("includeObject", "Metadata")
	case Objects:
	}
	a, err := r.patient(ctx, r.Path, q, accept, r.bounds.bytes)
	if err != nil {
		return page{}, 0, err
	}
	if p, err = parse(a, r.Form == Names); err != nil {
		return page{}, 0, &Error{Op: "GET " + r.Path, Kind: ErrMalformed, Message: printable(err.Error())}
	}
	return p, int64(len(a.body)), nil
}
