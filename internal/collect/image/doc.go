// Package image reads images without unpacking them: from a docker save file or
// stream, an OCI layout, an engine or a registry. Layers are read once, as
// streams; of each only what matters is kept, and what a container would see is
// worked out from that afterwards. Memory follows the number of files in an
// image, not its size, and everything a stranger's image may grow is bounded.
package image
