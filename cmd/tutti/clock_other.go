//go:build !linux

package main

// clockSynced can't be told here.
func clockSynced() bool { return true }
