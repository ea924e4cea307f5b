package client

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// Codec is the encoding name of a track's format, as SDP writes it.
type Codec string

// The codecs that can be published and received.
const (
	Opus Codec = "opus"
	VP8  Codec = "VP8"
	VP9  Codec = "VP9"
	H264 Codec = "H264"
	AV1  Codec = "AV1"
)

// Kind returns whether the codec is for audio or video.
func (c Codec) Kind() api.Kind {
	if strings.EqualFold(string(c), string(Opus)) {
		return api.KindAudio
	}
	return api.KindVideo
}

const (
	videoClock = 90000
	audioClock = 48000

	dependencyDescriptorURI = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
)

// format is a codec with its parameters and the payload type it is offered by.
type format struct {
	codec       Codec
	fmtp        string
	payloadType webrtc.PayloadType
}

// formats lists what is offered; the first of a codec is its usual one. Each
// video format is followed by its resends (RFC 4588) at the next payload type.
func formats() []format {
	const h264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id="
	return []format{
		{Opus, "minptime=10;useinbandfec=1", 111},
		{VP8, "", 96},
		{VP9, "profile-id=0", 98},
		{AV1, "", 45},
		{H264, h264 + "42e01f", 106},
		{H264, h264 + "42001f", 102},
		{H264, h264 + "4d001f", 108},
		{H264, h264 + "64001f", 112},
	}
}

func (f format) capability() webrtc.RTPCodecCapability {
	if f.codec == Opus {
		return webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: audioClock, Channels: 2, SDPFmtpLine: f.fmtp}
	}
	return webrtc.RTPCodecCapability{
		MimeType:    "video/" + string(f.codec),
		ClockRate:   videoClock,
		SDPFmtpLine: f.fmtp,
		RTCPFeedback: []webrtc.RTCPFeedback{
			{Type: webrtc.TypeRTCPFBCCM, Parameter: "fir"},
			{Type: webrtc.TypeRTCPFBNACK},
			{Type: webrtc.TypeRTCPFBNACK, Parameter: "pli"},
		},
	}
}

func registerCodecs(m *webrtc.MediaEngine) error {
	for _, f := range formats() {
		kind := webrtc.NewRTPCodecType(string(f.codec.Kind()))
		err := m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: f.capability(), PayloadType: f.payloadType}, kind)
		if err != nil {
			return err
		}
		if kind == webrtc.RTPCodecTypeAudio {
			continue
		}
		resends := webrtc.RTPCodecCapability{
			MimeType:    webrtc.MimeTypeRTX,
			ClockRate:   videoClock,
			SDPFmtpLine: "apt=" + strconv.Itoa(int(f.payloadType)),
		}
		err = m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: resends, PayloadType: f.payloadType + 1}, kind)
		if err != nil {
			return err
		}
	}
	return nil
}

func registerExtensions(m *webrtc.MediaEngine) error {
	both := []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo}
	audio, video := both[:1], both[1:]
	for _, x := range []struct {
		uri   string
		kinds []webrtc.RTPCodecType
	}{
		{sdp.SDESMidURI, both},
		{sdp.SDESRTPStreamIDURI, video},
		{sdp.SDESRepairRTPStreamIDURI, video},
		{sdp.AudioLevelURI, audio},
		{dependencyDescriptorURI, video},
	} {
		for _, kind := range x.kinds {
			if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: x.uri}, kind); err != nil {
				return fmt.Errorf("%s: %w", x.uri, err)
			}
		}
	}
	return nil
}

// capability returns how a codec is published; fmtp stands in for its usual
// parameters unless it is empty.
func (c Codec) capability(fmtp string) (webrtc.RTPCodecCapability, error) {
	for _, f := range formats() {
		if strings.EqualFold(string(f.codec), string(c)) {
			if fmtp != "" {
				f.fmtp = fmtp
			}
			return f.capability(), nil
		}
	}
	return webrtc.RTPCodecCapability{}, api.Errorf(api.CodeNoCodec,
		"There is no codec %q here: use opus, VP8, VP9, H264 or AV1.", string(c))
}

// payloader splits encoded frames of a codec for RTP.
func (c Codec) payloader() rtp.Payloader {
	switch Codec(strings.ToUpper(string(c))) {
	case VP8:
		return &codecs.VP8Payloader{EnablePictureID: true}
	case VP9:
		return &codecs.VP9Payloader{}
	case H264:
		return &codecs.H264Payloader{}
	case AV1:
		return &codecs.AV1Payloader{}
	}
	return &codecs.OpusPayloader{}
}
