package answer

import "testing"

func BenchmarkAnswer(b *testing.B) {
	text := offerFile(b, "chromium.sdp")
	l := local()
	b.ReportAllocs()
	for b.Loop() {
		offer, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := offer.Answer(l); err != nil {
			b.Fatal(err)
		}
	}
}
