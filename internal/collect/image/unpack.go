package image

import (
	"bufio"
	"bytes"
	"context"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// budget counts what reading an image costs, over all of its layers.
type budget struct {
	limits        Limits
	raw, unpacked int64
	entries       int64
	held          int64
	failed        error // of the source, as opposed to what it holds
}

// charge adds unpacked bytes and refuses what expands without bound.
func (b *budget) charge(n int) error {
	b.unpacked += int64(n)
	if b.unpacked > b.limits.Free && b.unpacked/b.limits.Ratio > b.raw {
		return bad("its layers expand to more than %d times their size", b.limits.Ratio)
	}
	return nil
}

// hold adds bytes that stay in memory.
func (b *budget) hold(n int) error {
	if b.held += int64(n); b.held > b.limits.Held {
		return bad("it has more than %d bytes of manifests and configurations", b.limits.Held)
	}
	return nil
}

// counted counts the raw bytes of a source and stops when the run is over.
type counted struct {
	ctx context.Context
	r   io.Reader
	b   *budget
}

func (c *counted) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		c.b.failed = err
		return 0, err
	}
	n, err := c.r.Read(p)
	c.b.raw += int64(n)
	if err != nil && err != io.EOF {
		c.b.failed = err
	}
	return n, err
}

// charged counts unpacked bytes.
type charged struct {
	r io.Reader
	b *budget
}

func (c *charged) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if over := c.b.charge(n); over != nil {
		return 0, over
	}
	return n, err
}

const (
	readAhead  = 256 << 10
	maxWindow  = 128 << 20 // of zstd: what its reference tool unpacks without asking
	sniffBytes = 512
)

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// unpack returns what r holds, without its compression. Closing the result ends
// the decoder, not r.
func unpack(r *bufio.Reader, b *budget) (io.ReadCloser, error) {
	head, err := r.Peek(len(zstdMagic))
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, bad("gzip: %w", err)
		}
		return closing{&charged{z, b}, z.Close}, nil
	case bytes.HasPrefix(head, zstdMagic):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, bad("zstd: %w", err)
		}
		return closing{&charged{z, b}, func() error { z.Close(); return nil }}, nil
	}
	return closing{&charged{r, b}, func() error { return nil }}, nil
}

type closing struct {
	io.Reader
	close func() error
}

func (c closing) Close() error { return c.close() }

// packed reports whether the first bytes are of a compressed stream.
func packed(head []byte) bool {
	return bytes.HasPrefix(head, gzipMagic) || bytes.HasPrefix(head, zstdMagic)
}

// archive reports whether the first bytes may be of a layer: compressed, or a
// tar archive, an empty one included.
func archive(head []byte) bool {
	const magicAt = 257
	if packed(head) {
		return true
	}
	if len(head) < sniffBytes {
		return false
	}
	return bytes.HasPrefix(head[magicAt:], []byte("ustar")) || len(bytes.Trim(head, "\x00")) == 0
}
