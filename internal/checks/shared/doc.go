// Package shared holds the predicates that containers and pods have in common:
// capabilities, users, mounts and image references. They are pure functions of
// plain values; which fact they are asked of is the caller's business.
package shared
