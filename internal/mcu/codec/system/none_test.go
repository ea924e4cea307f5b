//go:build !cgo

package system

import (
	"errors"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
)

func TestABuildWithoutCodecsSaysSo(t *testing.T) {
	if c, err := New(); c != nil || !errors.Is(err, codec.ErrNone) {
		t.Errorf("%v, %v", c, err)
	}
}
