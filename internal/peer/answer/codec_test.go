package answer

import (
	"slices"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

// offered makes formats from rtpmap and fmtp values.
func offered(t *testing.T, list ...[3]string) []format {
	t.Helper()
	var pts []string
	var a attributes
	for _, f := range list {
		pts = append(pts, f[0])
		a = append(a, attribute("rtpmap", f[0]+" "+f[1]))
		if f[2] != "" {
			a = append(a, attribute("fmtp", f[0]+" "+f[2]))
		}
	}
	return parseFormats(pts, a)
}

func TestFormatParameters(t *testing.T) {
	for _, c := range []struct {
		rtpmap, fmtp string
		want         string // of the answer; "-" if refused
	}{
		{"opus/48000/2", "", "useinbandfec=1"},
		{"OPUS/48000/2", "minptime=10; useinbandfec=0; usedtx=1; stereo=1; sprop-stereo=1; x=y", "minptime=10;useinbandfec=1;usedtx=1;stereo=1"},
		{"opus/48000/2", "minptime=ten;maxaveragebitrate=64000\r1;stereo=2", "useinbandfec=1"},
		{"opus/48000/2", "maxplaybackrate=48000;stereo=1;useinbandfec=1", "useinbandfec=1"}, // Firefox
		{"opus/48000", "", "-"},
		{"opus/16000/2", "", "-"},
		{"VP8/90000", "max-fs=12288;max-fr=60", ""},
		{"VP9/90000", "", ""},
		{"VP9/90000", "profile-id=0", "profile-id=0"},
		{"VP9/90000", "profile-id=1", "-"},
		{"VP9/90000", "profile-id=2", "profile-id=2"},
		{"VP9/90000", "profile-id=3", "-"},
		{"AV1/90000", "", ""},
		{"AV1/90000", "level-idx=5;profile=0;tier=0", "level-idx=5;profile=0;tier=0"},
		{"AV1/90000", "profile=1", "-"},
		{"AV1/90000", "level-idx=high", "-"},
		{"H265/90000", "", "-"},
		{"red/90000", "", "-"},
		{"telephone-event/48000", "", "-"},
		{"PCMU/8000", "", "-"},
		// RFC 6184 §8.2.2: profile and mode are repeated.
		{"H264/90000", "packetization-mode=1;profile-level-id=42E01F;level-asymmetry-allowed=1;sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
		{"H264/90000", "packetization-mode=1;profile-level-id=4d001f", "packetization-mode=1;profile-level-id=4d001f"},
		{"H264/90000", "packetization-mode=1;profile-level-id=640c1f", "packetization-mode=1;profile-level-id=640c1f"},
		{"H264/90000", "packetization-mode=1", "packetization-mode=1;profile-level-id=42000a"},
		{"H264/90000", "packetization-mode=0;profile-level-id=42e01f", "packetization-mode=0;profile-level-id=42e01f"},
		{"H264/90000", "packetization-mode=2;profile-level-id=42e01f", "-"},
		{"H264/90000", "packetization-mode=1;profile-level-id=f4001f", "-"}, // High 4:4:4
		{"H264/90000", "packetization-mode=1;profile-level-id=42e0", "-"},
		{"H264/90000", "packetization-mode=1;profile-level-id=xyzxyz", "-"},
	} {
		formats := offered(t, [3]string{"96", c.rtpmap, c.fmtp})
		_, fmtp, ok := formats[0].recognize()
		if !ok {
			fmtp = "-"
		}
		if fmtp != c.want {
			t.Errorf("%s %s: %q, want %q", c.rtpmap, c.fmtp, fmtp, c.want)
		}
	}
}

func TestRED(t *testing.T) {
	opus := [3]string{"111", "opus/48000/2", ""}
	for name, c := range map[string]struct {
		list []([3]string)
		want []media.Codec
	}{
		"behind Opus":   {[][3]string{{"63", "red/48000/2", "111/111"}, opus}, []media.Codec{media.Opus, media.RED}},
		"three blocks":  {[][3]string{opus, {"63", "red/48000/2", "111/111/111"}}, []media.Codec{media.Opus, media.RED}},
		"of another":    {[][3]string{opus, {"63", "red/48000/2", "0/0"}}, []media.Codec{media.Opus}},
		"of two":        {[][3]string{opus, {"63", "red/48000/2", "111/0"}}, []media.Codec{media.Opus}},
		"of nothing":    {[][3]string{opus, {"63", "red/48000/2", ""}}, []media.Codec{media.Opus}},
		"without Opus":  {[][3]string{{"63", "red/48000/2", "111/111"}}, nil},
		"of very many":  {[][3]string{opus, {"63", "red/48000/2", "111/111/111/111/111/111/111/111/111"}}, []media.Codec{media.Opus}},
		"not this rate": {[][3]string{opus, {"63", "red/8000", "111/111"}}, []media.Codec{media.Opus}},
	} {
		m := Media{Codecs: acceptCodecs(offered(t, c.list...), media.Audio, true)}
		if got := codecsOf(m); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestPacketizationMode0IsTheLastResort(t *testing.T) {
	mode0 := [3]string{"96", "H264/90000", "packetization-mode=0;profile-level-id=42e01f"}
	mode1 := [3]string{"97", "H264/90000", "packetization-mode=1;profile-level-id=42e01f"}
	rtx := [3]string{"98", "rtx/90000", "apt=96"}
	both := acceptCodecs(offered(t, mode0, mode1, rtx), media.Video, true)
	if len(both) != 1 || both[0].PayloadType != 97 || both[0].RTX != 0 {
		t.Errorf("with mode 1 beside it: %+v", both)
	}
	alone := acceptCodecs(offered(t, mode0, rtx), media.Video, true)
	if len(alone) != 1 || alone[0].PayloadType != 96 || alone[0].RTX != 98 {
		t.Errorf("alone: %+v", alone)
	}
}

func TestBrokenFormatsAreLeftOut(t *testing.T) {
	formats := offered(t, [3]string{"x", "VP8/90000", ""}, [3]string{"200", "VP8/90000", ""},
		[3]string{"96", "VP8/90000", ""}, [3]string{"96", "VP9/90000", ""}, [3]string{"97", "", ""})
	if got := acceptCodecs(formats, media.Video, true); len(got) != 1 || got[0].Codec != media.VP8 {
		t.Errorf("%+v, want the first meaning of 96", got)
	}
}
