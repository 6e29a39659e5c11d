//go:build !linux

package host

func readChains() ([]chain, error) { return nil, errNotLinux }
