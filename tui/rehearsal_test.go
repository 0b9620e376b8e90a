package tui

import (
	"strings"
	"testing"

	"mamba-tui/assets"
)

// TestRehearsal: what is timed is the screen that is shown. A typed token is on
// it, walking moves the cursor, a redraw has the new size, and a long history is
// cut back.
func TestRehearsal(t *testing.T) {
	r, err := NewRehearsal(builtin(t, assets.Default), Options{}, 100, 30)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	begin := r.m.frame.Tokens.Len()
	if begin == 0 {
		t.Fatal("the prompt is not there")
	}
	for i := range 5 {
		n, err := r.Type()
		if err != nil || n != len(r.m.View().Content) || r.m.frame.Tokens.Len() != begin+i+1 {
			t.Fatalf("typing: %d bytes of %d, %d tokens, %v", n, len(r.m.View().Content), r.m.frame.Tokens.Len(), err)
		}
	}
	before := r.m.cursor.T
	if _, err := r.Walk(); err != nil || r.m.cursor.T == before && r.n%2 == 0 {
		t.Errorf("walking left the cursor at %d, %v", r.m.cursor.T, err)
	}
	var sizes [2]int
	for range 2 {
		if _, err := r.Redraw(); err != nil {
			t.Fatal(err)
		}
		sizes[r.n%2] = r.m.w
		checkScreen(t, r.m, r.m.w, 30)
	}
	if sizes != [2]int{100, 99} {
		t.Errorf("redrawn at widths %v, want 100 and 99", sizes)
	}
	for range rehearsalTokens + 3 {
		if _, err := r.Type(); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.m.frame.Tokens.Len(); n > begin+rehearsalTokens {
		t.Errorf("the history has %d tokens", n)
	}
	if !strings.Contains(r.m.View().Content, "tokens") {
		t.Error("no screen is shown")
	}
}
