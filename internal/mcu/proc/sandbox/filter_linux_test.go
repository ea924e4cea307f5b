//go:build linux && (amd64 || arm64)

package sandbox

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// judgement runs the filter on a call.
func judgement(t *testing.T, vm *bpf.VM, arch, call uint32, args ...uint64) uint32 {
	t.Helper()
	// The virtual machine reads big endian, each word by itself.
	data := make([]byte, argumentOffset+6*8)
	binary.BigEndian.PutUint32(data[callOffset:], call)
	binary.BigEndian.PutUint32(data[machineOffset:], arch)
	for i, a := range args {
		binary.BigEndian.PutUint32(data[argumentOffset+8*i:], uint32(a))
		binary.BigEndian.PutUint32(data[argumentOffset+8*i+4:], uint32(a>>32))
	}
	answer, err := vm.Run(data)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(answer)
}

func TestTheFilterAllowsWhatIsListedAndNothingElse(t *testing.T) {
	const pid = 4242
	calls := append(slices.Clone(allowed), allowedHere...)
	parts := conditions(pid)
	vm, err := bpf.NewVM(program(machine, calls, parts))
	if err != nil {
		t.Fatal(err)
	}
	const allow, refuse, unknown = unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM), unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	random := rand.New(rand.NewPCG(1, 2))
	for call := range uint32(1000) {
		if slices.ContainsFunc(parts, func(c condition) bool { return c.call == call }) {
			continue
		}
		want := refuse
		switch {
		case slices.Contains(calls, call):
			want = allow
		case call == unix.SYS_CLONE3:
			want = unknown
		}
		if got := judgement(t, vm, machine, call, random.Uint64(), random.Uint64(), random.Uint64()); got != want {
			t.Errorf("call %d: %#x, want %#x", call, got, want)
		}
		// The same number with x32's bit, and on another machine.
		if got := judgement(t, vm, machine, call|0x40000000); got != refuse {
			t.Errorf("call %d of x32: %#x", call, got)
		}
		if got := judgement(t, vm, unix.AUDIT_ARCH_I386, call); got != unknown {
			t.Errorf("call %d of another machine: %#x", call, got)
		}
	}
	for _, test := range []struct {
		name string
		call uint32
		args []uint64
		want uint32
	}{
		{"memory", unix.SYS_MMAP, []uint64{0, 4096, unix.PROT_READ | unix.PROT_WRITE}, allow},
		{"code", unix.SYS_MMAP, []uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC}, refuse},
		{"memory that becomes code", unix.SYS_MPROTECT, []uint64{0, 4096, unix.PROT_EXEC}, refuse},
		{"a thread", unix.SYS_CLONE, []uint64{unix.CLONE_VM | unix.CLONE_THREAD}, allow},
		{"a process", unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD)}, refuse},
		{"a signal to itself", unix.SYS_TGKILL, []uint64{pid, 4243, 23}, allow},
		{"a signal to another", unix.SYS_TGKILL, []uint64{1, 1, 9}, refuse},
		{"a signal to all", unix.SYS_KILL, []uint64{^uint64(0), 9}, refuse},
		{"a descriptor's flags", unix.SYS_FCNTL, []uint64{3, unix.F_SETFL, 0}, allow},
		{"a descriptor's owner", unix.SYS_FCNTL, []uint64{3, unix.F_SETOWN, 1}, refuse},
		{"a thread's name", unix.SYS_PRCTL, []uint64{unix.PR_SET_NAME}, allow},
		{"the server's death", unix.SYS_PRCTL, []uint64{unix.PR_SET_PDEATHSIG, 0}, refuse},
	} {
		if got := judgement(t, vm, machine, test.call, test.args...); got != test.want {
			t.Errorf("%s: %#x, want %#x", test.name, got, test.want)
		}
	}
	// Whatever the arguments are that a condition refuses, they are not taken
	// for another call's number.
	for _, p := range parts {
		for _, call := range calls {
			args := []uint64{0, 0, 0}
			args[p.argument] = uint64(call)
			permitted := slices.ContainsFunc(p.values, func(v uint32) bool {
				switch p.test {
				case bpf.JumpBitsSet:
					return call&v != 0
				case bpf.JumpBitsNotSet:
					return call&v == 0
				}
				return call == v
			})
			if got := judgement(t, vm, machine, p.call, args...); (got == allow) != permitted {
				t.Errorf("call %d with argument %d: %#x", p.call, call, got)
			}
		}
	}
}
