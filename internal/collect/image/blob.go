package image

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
)

// Opener opens blobs one by one by their digests: in a folder, in a registry,
// which keeps manifests in a place of their own.
type Opener interface {
	Manifest(ctx context.Context, d string) (io.ReadCloser, error)
	Blob(ctx context.Context, d string) (io.ReadCloser, error)
}

// store reads images blob by blob.
type store struct {
	scanner *scanner
	from    Opener
	done    map[string]*layer // layers that several images share
}

func (s *store) manifest(ctx context.Context, d string) ([]byte, error) {
	return s.small(ctx, d, s.from.Manifest)
}

func (s *store) config(ctx context.Context, d string) ([]byte, error) {
	return s.small(ctx, d, s.from.Blob)
}

func (s *store) small(ctx context.Context, d string, open func(context.Context, string) (io.ReadCloser, error)) ([]byte, error) {
	if _, err := hexOf(d); err != nil {
		return nil, err
	}
	r, err := open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readBlob(&counted{ctx, r, s.scanner.budget}, d, s.scanner.budget)
}

func (s *store) layer(ctx context.Context, d string) (*layer, error) {
	if l, ok := s.done[d]; ok {
		return l, nil
	}
	if _, err := hexOf(d); err != nil {
		return nil, err
	}
	r, err := s.from.Blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	l, sum, err := s.scanner.blob(&counted{ctx, r, s.scanner.budget})
	if err != nil {
		return nil, err
	}
	if sum != d {
		return nil, bad("a layer is not what its digest %.20s… says", d)
	}
	s.done[d] = l
	return l, nil
}

// blob reads a layer as it is stored, packed or not, and returns its digest.
func (s *scanner) blob(r io.Reader) (*layer, string, error) {
	h := hashWhileReading(r)
	defer h.finish()
	br := bufio.NewReaderSize(h, readAhead)
	head, err := br.Peek(len(zstdMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	compressed := packed(head)
	u, err := unpack(br, s.budget)
	if err != nil {
		return nil, "", err
	}
	defer u.Close()
	l, err := s.scan(u)
	if err != nil {
		return nil, "", err
	}
	l.packed = compressed
	if _, err := io.Copy(io.Discard, br); err != nil { // what follows the packed stream
		return nil, "", err
	}
	return l, h.finish(), nil
}

// hashing hashes what is read through it, beside the reader: a digest costs as
// much as unpacking does.
type hashing struct {
	r          io.Reader
	work, free chan []byte
	sum        chan []byte
	digest     string // once it is finished
}

const hashAhead = 4 // chunks that may wait

func hashWhileReading(r io.Reader) *hashing {
	h := &hashing{r: r, work: make(chan []byte, hashAhead), free: make(chan []byte, hashAhead), sum: make(chan []byte, 1)}
	for range hashAhead {
		h.free <- make([]byte, readAhead)
	}
	go func() {
		sum := sha256.New()
		for b := range h.work {
			sum.Write(b)
			h.free <- b[:cap(b)]
		}
		h.sum <- sum.Sum(nil)
	}()
	return h
}

func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	for rest := p[:n]; len(rest) > 0; {
		b := <-h.free
		c := copy(b, rest)
		h.work <- b[:c]
		rest = rest[c:]
	}
	return n, err
}

// finish returns the digest of all that was read. It may be called again.
func (h *hashing) finish() string {
	if h.digest == "" {
		close(h.work)
		h.digest = "sha256:" + hex.EncodeToString(<-h.sum)
	}
	return h.digest
}
