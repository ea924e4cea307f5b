package client

import (
	"context"
	"fmt"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// Data is one message of the data channels.
type Data struct {
	api.DataHeader
	Payload  []byte // the receiver's to keep
	Reliable bool
}

const (
	// dataHigh is how many bytes may wait in a channel: Send waits, or drops
	// what may be lost. It goes on below dataLow.
	dataHigh = 1 << 20
	dataLow  = 256 << 10
)

// channels are the data channels of a connection.
type channels struct{ reliable, lossy *channel }

type channel struct {
	dc   *webrtc.DataChannel
	open chan struct{} // closed when it opens
	low  chan struct{} // of one; told when little waits
}

func (r *Room) openChannels(p *peer) error {
	reliable, err := r.openChannel(p, api.LabelReliable, nil)
	if err != nil {
		return err
	}
	ordered, resends := false, uint16(0)
	lossy, err := r.openChannel(p, api.LabelLossy, &webrtc.DataChannelInit{Ordered: &ordered, MaxRetransmits: &resends})
	if err != nil {
		return err
	}
	p.data = &channels{reliable: reliable, lossy: lossy}
	return nil
}

func (r *Room) openChannel(p *peer, label string, init *webrtc.DataChannelInit) (*channel, error) {
	dc, err := p.pc.CreateDataChannel(label, init)
	if err != nil {
		return nil, fmt.Errorf("open data channel %s: %w", label, err)
	}
	c := &channel{dc: dc, open: make(chan struct{}), low: make(chan struct{}, 1)}
	dc.OnOpen(func() { close(c.open) })
	dc.SetBufferedAmountLowThreshold(dataLow)
	dc.OnBufferedAmountLow(func() {
		select {
		case c.low <- struct{}{}:
		default:
		}
	})
	dc.OnMessage(func(m webrtc.DataChannelMessage) {
		h := r.opts.Handlers.Data
		if h == nil {
			return
		}
		header, payload, err := api.ParseData(m.Data)
		if err != nil {
			return // the server checks what it relays; nobody could act on this
		}
		r.call(func() { h(Data{DataHeader: header, Payload: payload, Reliable: label == api.LabelReliable}) })
	})
	return c, nil
}

// Send sends a data message to header.To, or to everybody else, in order and
// complete. It waits for the channel to open and for the line to take it; a
// message may have Limits().DataBytes.
func (r *Room) Send(ctx context.Context, header api.DataHeader, payload []byte) error {
	return r.send(ctx, header, payload, true)
}

// SendLossy sends a data message that may be lost or overtaken. It is dropped,
// without an error, when too much waits already.
func (r *Room) SendLossy(ctx context.Context, header api.DataHeader, payload []byte) error {
	return r.send(ctx, header, payload, false)
}

func (r *Room) send(ctx context.Context, header api.DataHeader, payload []byte, reliable bool) error {
	r.mu.Lock()
	p, limit := r.peer, r.limits.DataBytes
	r.mu.Unlock()
	if p == nil || p.data == nil {
		return fmt.Errorf("the room was joined without data channels: set Options.Data")
	}
	b, err := api.AppendData(nil, header, payload)
	if err != nil {
		return err
	}
	if limit > 0 && len(b) > limit {
		return api.Errorf(api.CodeTooLarge, "A data message may have %d bytes with its header, this one has %d.", limit, len(b))
	}
	c := p.data.lossy
	if reliable {
		c = p.data.reliable
	}
	if err := r.await(ctx, c.open); err != nil {
		return err
	}
	for c.dc.BufferedAmount() > dataHigh {
		if !reliable {
			return nil
		}
		if err := r.await(ctx, c.low); err != nil {
			return err
		}
	}
	return c.dc.Send(b)
}

func (r *Room) await(ctx context.Context, signal <-chan struct{}) error {
	select {
	case <-signal:
		return nil
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
