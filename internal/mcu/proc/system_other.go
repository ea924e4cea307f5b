//go:build !unix

package proc

import (
	"net"
	"os"
	"syscall"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
)

// supported tells whether Start works.
const supported = false

func attributes() *syscall.SysProcAttr { return nil }

func anonymousFile() (*os.File, error) { return nil, ErrUnsupported }

func socketPair() (net.Conn, *os.File, error) { return nil, nil, ErrUnsupported }

func inherit(link.Options) (*link.Conn, *Marks, error) { return nil, nil, ErrUnsupported }
