// Package oracle holds Plimsoll against the programs whose rules it states, which are
// too heavy to be dependencies of its own: a module of its own, for tests only.
package oracle
