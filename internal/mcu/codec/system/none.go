//go:build !cgo

package system

import "github.com/tutti-rtc/tutti/internal/mcu/codec"

// New returns codec.ErrNone: this build has no codecs.
func New() (codec.Codecs, error) { return nil, codec.ErrNone }
