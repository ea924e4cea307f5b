package wire

import (
	"bytes"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

// costs lists what runs once per packet, or once per packet and viewer. Each
// function runs one round and keeps nothing.
func costs() map[string]func() {
	var (
		header   Header
		vp8      VP8Descriptor
		vp9      VP9Descriptor
		h264     H264Payload
		av1      AV1Payload
		opus     OpusPacket
		red      RED
		s        DependencyStructure
		dd       DependencyDescriptor
		out      = make([]byte, 0, media.MaxPacketSize)
		vp8In    = append([]byte{0x90, 0xE0, 0x92, 0x34, 9, 0x40}, bytes.Repeat([]byte{1}, 1100)...)
		vp9In    = append(vp9Packet(true, true, true, 1, true, 0, false), bytes.Repeat([]byte{1}, 1100)...)
		redIn    = AppendRED(nil, []REDBlock{{111, 960, make([]byte, 80)}}, REDBlock{PayloadType: 111, Payload: make([]byte, 80)})
		outgoing = Header{PayloadType: 96, Marker: true, SequenceNumber: 1, Timestamp: 2, SSRC: 3}
		elements = []Extension{{2, []byte{1, 2, 3}}, {3, []byte{1, 2}}, {4, []byte("0")}}
		h264In   = []byte{0x7C, 0x85, 0x88}
		av1In    = concat([]byte{0x10}, av1Frame)
		opusIn   = []byte(OpusSilence)
		ddIn     = []byte{0xC7, 1, 4}
		rtpIn    = append(AppendHeader(nil, &outgoing, elements), vp8In...)
	)
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	must(ParseDependencyDescriptor(l1t3Key, &s, &dd))
	must(ParseRED(redIn, &red))
	must(ParseVP9(vp9In, &vp9))
	describe := func(codec media.Codec, payload, dependency []byte) func() {
		d, p := new(Depacketizer), new(media.Packet)
		if dependency != nil {
			must(d.Describe(&media.Packet{Codec: codec, Payload: payload, Dependency: l1t3Key}))
		}
		return func() {
			p.Codec, p.Payload, p.Dependency = codec, payload, dependency
			p.Seq++
			p.Timestamp += 3000
			must(d.Describe(p))
		}
	}
	return map[string]func(){
		"Classify":    func() { Classify(rtpIn) },
		"ParseHeader": func() { must(ParseHeader(rtpIn, &header)) },
		"Extensions": func() {
			must(ParseHeader(rtpIn, &header))
			for id, value := range header.Extensions() {
				if id == 0 || value == nil {
					panic("no element")
				}
			}
		},
		"Extension":    func() { must(ParseHeader(rtpIn, &header)); header.Extension(4) },
		"AppendHeader": func() { AppendHeader(out, &outgoing, elements) },
		"ParseVP8":     func() { must(ParseVP8(vp8In, &vp8)) },
		"RewriteVP8": func() {
			must(ParseVP8(vp8In, &vp8))
			vp8.SetPictureID(1)
			vp8.SetTL0PICIDX(2)
			b := AppendHeader(out, &outgoing, elements)
			b = AppendVP8Descriptor(b, &vp8)
			_ = append(b, vp8In[vp8.HeaderLength:]...)
		},
		"ParseVP9":                  func() { must(ParseVP9(vp9In, &vp9)) },
		"ParseVP9Key":               func() { must(ParseVP9(vp9Key, &vp9)) },
		"AppendVP9":                 func() { AppendVP9Descriptor(out, &vp9) },
		"ParseH264":                 func() { must(ParseH264(h264In, &h264)) },
		"ParseAV1":                  func() { must(ParseAV1(av1In, &av1)) },
		"ParseOpus":                 func() { must(ParseOpus(opusIn, &opus)) },
		"ParseRED":                  func() { must(ParseRED(redIn, &red)) },
		"AppendRED":                 func() { AppendRED(out, red.Redundant(), red.Primary) },
		"ParseRTX":                  func() { _, _, err := ParseRTX(vp8In); must(err) },
		"ParseDependencyDescriptor": func() { must(ParseDependencyDescriptor(ddIn, &s, &dd)) },
		"ParseDependencyStructure":  func() { must(ParseDependencyDescriptor(l1t3Key, &s, &dd)) },
		"AppendDependencyStructure": func() {
			dd.HasStructure = true
			AppendDependencyDescriptor(out, &s, &dd)
		},
		"SetFrameNumber": func() { SetFrameNumber(out[:3], 7) },
		"Refuse":         func() { _ = ParseVP9(vp9Key[:3], &vp9) },
		"DescribeVP8":    describe(media.VP8, vp8In, nil),
		"DescribeVP9":    describe(media.VP9, vp9In, nil),
		"DescribeH264":   describe(media.H264, stapA(h264SPS, h264PPS), nil),
		"DescribeAV1":    describe(media.AV1, av1In, ddIn),
		"DescribeOpus":   describe(media.Opus, []byte(OpusSilence), nil),
	}
}

func TestNothingAllocates(t *testing.T) {
	for name, run := range costs() {
		run() // parameter sets and descriptor state are kept from here on
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkPacket(b *testing.B) {
	for name, run := range costs() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}
