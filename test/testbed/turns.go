package testbed

import (
	"errors"
	"os"
	"sync"
	"testing"
)

// turns lets tests share something or have it alone, across the test programs
// that go test runs at the same time, by a lock on a file.
type turns struct {
	mu     sync.Mutex
	file   *os.File
	shared int  // tests of this program that share it
	only   bool // a test of this program has it alone
}

// kubeTurns is about the testbed's cluster: one for the program, as a lock is.
var kubeTurns turns

// share waits until no other program has it alone. A test that has it alone
// itself goes on.
func (s *turns) share(t testing.TB, path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.only {
		return nil
	}
	if s.shared == 0 {
		if err := s.lock(path, false); err != nil {
			return err
		}
	}
	s.shared++
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.shared--; s.shared == 0 {
			s.unlock(t)
		}
	})
	return nil
}

// alone waits until nobody else has it.
func (s *turns) alone(t testing.TB, path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shared > 0 || s.only {
		return errors.New("a test of this package uses it, perhaps this one: ask to have it alone first, and not in parallel")
	}
	if err := s.lock(path, true); err != nil {
		return err
	}
	s.only = true
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.only = false
		s.unlock(t)
	})
	return nil
}

func (s *turns) lock(path string, alone bool) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := flock(f, alone); err != nil {
		return errors.Join(err, f.Close())
	}
	s.file = f
	return nil
}

// unlock closes the file, which takes the lock away.
func (s *turns) unlock(t testing.TB) {
	if err := s.file.Close(); err != nil {
		t.Errorf("give the turn back: %v", err)
	}
}
