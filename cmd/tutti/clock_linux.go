package main

import "syscall"

// clockUnsynced is STA_UNSYNC of adjtimex(2): no program keeps the clock right.
const clockUnsynced = 0x40

// clockSynced tells whether something keeps this machine's clock right, as far as
// the kernel knows.
func clockSynced() bool {
	var t syscall.Timex // that sets nothing
	_, err := syscall.Adjtimex(&t)
	return err != nil || t.Status&clockUnsynced == 0
}
