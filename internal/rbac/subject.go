package rbac

import (
	"strings"

	"plimsoll/internal/snapshot"
)

// The kinds of subjects.
const (
	user    = "User"
	group   = "Group"
	account = "ServiceAccount"
)

// accountPrefix begins the user name of every service account.
const accountPrefix = "system:serviceaccount:"

// The groups that callers are in without anyone putting them there.
const (
	Masters         = "system:masters" // may do everything, whatever the roles say
	Authenticated   = "system:authenticated"
	Unauthenticated = "system:unauthenticated"
	Accounts        = "system:serviceaccounts" // and with ":" and a namespace behind it those of the namespace
	Anonymous       = "system:anonymous"       // the user of a request without credentials
)

// Account returns the subject that is a service account.
func Account(namespace, name string) snapshot.RBACSubject {
	return snapshot.RBACSubject{Kind: account, Namespace: namespace, Name: name}
}

// IsAccount reports whether a subject is a service account.
func IsAccount(s snapshot.RBACSubject) bool { return s.Kind == account }

// IsGroup reports whether a subject is a group.
func IsGroup(s snapshot.RBACSubject) bool { return s.Kind == group }

// normal returns the one form of a subject of a binding in a namespace.
func normal(s snapshot.RBACSubject, namespace string) snapshot.RBACSubject {
	switch s.Kind {
	case account:
		if s.Namespace == "" {
			s.Namespace = namespace
		}
	case user:
		s.Namespace = ""
		if rest, ok := strings.CutPrefix(s.Name, accountPrefix); ok {
			if ns, name, ok := strings.Cut(rest, ":"); ok && ns != "" && name != "" {
				return Account(ns, name)
			}
		}
	default:
		s.Namespace = ""
	}
	return s
}

// Username is the name that authentication gives a subject.
func Username(s snapshot.RBACSubject) string {
	if s.Kind == account {
		return accountPrefix + s.Namespace + ":" + s.Name
	}
	return s.Name
}

// Words names a subject for people.
func Words(s snapshot.RBACSubject) string {
	if s.Kind == account {
		return "account " + s.Namespace + "/" + s.Name
	}
	return strings.ToLower(s.Kind) + " " + s.Name
}

// User is who sends a request.
type User struct {
	Name   string
	Groups []string
}

// AccountUser returns an account as the API server authenticates it.
func AccountUser(namespace, name string) User {
	return User{Name: accountPrefix + namespace + ":" + name, Groups: []string{Accounts, Accounts + ":" + namespace, Authenticated}}
}

// Implicit reports whether a group has members without anyone putting them there.
func Implicit(s snapshot.RBACSubject) bool {
	return s.Kind == group && (s.Name == Authenticated || s.Name == Unauthenticated || s.Name == Accounts || strings.HasPrefix(s.Name, Accounts+":"))
}

// Memberships are the subjects that stand for an account: itself and the groups
// it is in.
func Memberships(s snapshot.RBACSubject) []snapshot.RBACSubject {
	out := []snapshot.RBACSubject{s}
	if s.Kind == account {
		for _, g := range AccountUser(s.Namespace, s.Name).Groups {
			out = append(out, snapshot.RBACSubject{Kind: group, Name: g})
		}
	}
	return out
}
