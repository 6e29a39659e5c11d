package image

import (
	"errors"
	"fmt"
)

// Limits bound what one image may cost. The zero value of a field is its default.
type Limits struct {
	Entries int64 // files, folders and links in all layers
	Path    int   // bytes of one path
	Layers  int
	JSON    int64 // bytes of one manifest, index or configuration
	Held    int64 // bytes of all JSON that is held at once
	File    int64 // bytes that are looked at of one file with credentials or accounts
	Package int64 // bytes of one package database

	// More than Free bytes unpacked may be at most Ratio times the bytes that were
	// read for them.
	Free  int64
	Ratio int64
}

func (l Limits) filled() Limits {
	def := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Entries, 4_000_000)
	def(&l.JSON, 8<<20)
	def(&l.Held, 64<<20)
	def(&l.File, 64<<10)
	def(&l.Package, 64<<20)
	def(&l.Free, 4<<30)
	def(&l.Ratio, 100)
	if l.Path <= 0 {
		l.Path = 4096
	}
	if l.Layers <= 0 {
		l.Layers = 512
	}
	return l
}

// ErrImage says that the image itself is at fault: broken, hostile or beyond the
// limits. The message says what is wrong and repeats no content.
var ErrImage = errors.New("the image cannot be read")

// bad returns an ErrImage with what is wrong.
func bad(format string, a ...any) error {
	return fmt.Errorf("%w: %w", ErrImage, fmt.Errorf(format, a...))
}
