package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// benchLayer is like a layer of a distribution: many small files of text, few
// large ones of code.
func benchLayer(b testing.TB, files, size int) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 4096)
	for i := range words {
		words[i] = fmt.Sprintf("%x ", rng.Uint64()>>(rng.Uint64()%56))
	}
	var members []member
	var text bytes.Buffer
	for i := range files {
		text.Reset()
		for n := size/4 + rng.IntN(size*2); text.Len() < n; {
			text.WriteString(words[rng.IntN(len(words))])
		}
		members = append(members, member{name: fmt.Sprintf("usr/lib/package-%d/file-%d.so", i/50, i), text: text.String()})
	}
	return tarOf(b, members...)
}

// BenchmarkAudit is a layout of one packed layer; bytes are unpacked ones.
func BenchmarkAudit(b *testing.B) {
	layer := benchLayer(b, 4000, 16<<10)
	config := configOf(b, nil, layer)
	for name, pack := range map[string]func(testing.TB, []byte) []byte{"gzip": gzipped, "zstd": zstandard, "plain": unpacked} {
		image := packedLayout(b, layoutOf(b, config, pack, layer))
		stored := pack(b, layer)
		b.Run(name+"/floor", func(b *testing.B) {
			b.SetBytes(int64(len(layer)))
			for b.Loop() {
				floor(b, stored)
			}
		})
		b.Run(name+"/audit", func(b *testing.B) {
			b.SetBytes(int64(len(layer)))
			for b.Loop() {
				if _, err := Read(b.Context(), bytes.NewReader(image), Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// floor reads and unpacks, and does nothing else.
func floor(b *testing.B, stored []byte) {
	z, err := unpack(bufio.NewReaderSize(bytes.NewReader(stored), readAhead), &budget{limits: Limits{}.filled()})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, z); err != nil {
		b.Fatal(err)
	}
	if err := z.Close(); err != nil {
		b.Fatal(err)
	}
}

// TestMemoryIsFlat streams images of very different sizes and the same number of
// files: neither may need much more memory than the other.
func TestMemoryIsFlat(t *testing.T) {
	small, large := peak(t, 8<<20), peak(t, 512<<20)
	t.Logf("peak heap: %d MiB for 8 MiB, %d MiB for 512 MiB", small>>20, large>>20)
	if large > small+(16<<20) {
		t.Errorf("the heap grew to %d bytes for an image of 512 MiB, %d for one of 8 MiB", large, small)
	}
}

// peak returns the most that the heap held while a stream of size bytes was read.
func peak(t *testing.T, size int64) uint64 {
	t.Helper()
	r, w := io.Pipe()
	go func() { w.CloseWithError(generate(w, size)) }()
	var most atomic.Uint64
	done := make(chan struct{})
	runtime.GC()
	go func() {
		var m runtime.MemStats
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most.Store(max(most.Load(), m.HeapInuse))
			}
		}
	}()
	s := newScanner(&budget{limits: Limits{}.filled()})
	_, err := readBag(t.Context(), r, s)
	close(done)
	if err != nil {
		t.Fatal(err)
	}
	return most.Load()
}

// generate writes an archive with one layer of about size bytes in 64 files.
func generate(w io.Writer, size int64) error {
	const files, header, trailer = 64, 512, 1024
	block := make([]byte, 64<<10)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range block {
		block[i] = byte(rng.Uint32())
	}
	outer := tar.NewWriter(w)
	if err := outer.WriteHeader(&tar.Header{Name: "layer.tar", Mode: 0o644, Size: size + files*header + trailer}); err != nil {
		return err
	}
	inner := tar.NewWriter(outer)
	for i := range files {
		if err := inner.WriteHeader(&tar.Header{Name: fmt.Sprint("f", i), Mode: 0o644, Size: size / files}); err != nil {
			return err
		}
		for n := int64(0); n < size/files; n += int64(len(block)) {
			if _, err := inner.Write(block[:min(int64(len(block)), size/files-n)]); err != nil {
				return err
			}
		}
	}
	if err := inner.Close(); err != nil {
		return err
	}
	return outer.Close()
}
