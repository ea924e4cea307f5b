package mediafile

import (
	"errors"
	"io"
	"time"

	"github.com/pion/webrtc/v4/pkg/media/h264reader"
)

// annexB groups NAL units into access units (H.264 §7.4.1.2.3), one unit ahead.
type annexB struct {
	reader   *h264reader.H264Reader
	duration time.Duration
	ahead    *h264reader.NAL
}

func newAnnexB(in io.Reader, rate float64) (*annexB, error) {
	reader, err := h264reader.NewReader(in)
	if err != nil {
		return nil, err
	}
	return &annexB{reader: reader, duration: time.Duration(float64(time.Second) / rate)}, nil
}

func (a *annexB) next() (Frame, error) {
	f := Frame{Duration: a.duration}
	picture := false
	for {
		nal := a.ahead
		a.ahead = nil
		if nal == nil {
			var err error
			if nal, err = a.reader.NextNAL(); errors.Is(err, io.EOF) && picture {
				return f, nil
			} else if err != nil {
				return Frame{}, err
			}
		}
		slice := nal.UnitType == h264reader.NalUnitTypeCodedSliceNonIdr || nal.UnitType == h264reader.NalUnitTypeCodedSliceIdr
		// A slice that begins with macroblock 0 (ue(v): its first bit is set)
		// begins a picture; parameter sets and delimiters come before one.
		begins := !slice || len(nal.Data) > 1 && nal.Data[1]&0x80 != 0
		if picture && begins {
			a.ahead = nal
			return f, nil
		}
		picture = picture || slice
		f.KeyFrame = f.KeyFrame || nal.UnitType == h264reader.NalUnitTypeCodedSliceIdr
		f.Data = append(append(f.Data, 0, 0, 0, 1), nal.Data...)
	}
}
