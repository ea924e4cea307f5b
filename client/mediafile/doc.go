// Package mediafile reads encoded frames from files to publish them, and writes
// received packets to files: IVF (VP8, VP9, AV1), Ogg with Opus, H.264 with
// start codes (Annex B).
//
// It neither paces nor encodes nor decodes; it starts no goroutine.
package mediafile
