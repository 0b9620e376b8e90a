package main

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// maxLength bounds the tokens of one sequence.
const maxLength = 1 << 24

// parseLengths reads lengths in tokens: numbers and powers of two, with commas
// between, and ranges, which double: "2^6..2^14", "100,1000", "16,32,2^6..256".
// They come back ascending, each once.
func parseLengths(text string) ([]int, error) {
	var list []int
	for _, part := range strings.Split(text, ",") {
		from, to, isRange := strings.Cut(part, "..")
		a, err := parseLength(from)
		if err != nil {
			return nil, err
		}
		b := a
		if isRange {
			if b, err = parseLength(to); err != nil {
				return nil, err
			}
			if b < a {
				return nil, fmt.Errorf("the range %s goes down: write the smaller length first", quote(part))
			}
		}
		for n := a; n <= b; n *= 2 {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// parseLength reads 64 or 2^6.
func parseLength(text string) (int, error) {
	text = strings.TrimSpace(text)
	wrong := fmt.Errorf("%s is not a length: want a number from 1 to %d, a power of two such as 2^6, or a range such as 2^6..2^14", quote(text), maxLength)
	if exponent, ok := strings.CutPrefix(text, "2^"); ok {
		e, err := strconv.ParseUint(exponent, 10, 8)
		if err != nil || e > 24 {
			return 0, wrong
		}
		return 1 << e, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLength {
		return 0, wrong
	}
	return n, nil
}

// lengthText is a length as people write it: powers of two from 2^6 on as
// such.
func lengthText(n int) string {
	if n >= 64 && n&(n-1) == 0 {
		return fmt.Sprintf("2^%d", bits.Len(uint(n))-1)
	}
	return strconv.Itoa(n)
}
