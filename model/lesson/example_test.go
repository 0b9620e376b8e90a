package lesson_test

import (
	"context"
	"fmt"

	"mamba-tui/model/lesson"
)

// A claim is a sentence with the numbers that were just measured.
func ExampleLesson_Check() {
	l, err := lesson.ByName("boundary")
	if err != nil {
		panic(err)
	}
	text, err := l.Text(lesson.English)
	if err != nil {
		panic(err)
	}
	lab := &lesson.Lab{}
	defer lab.Close()
	err = l.Check(context.Background(), lab, func(v lesson.Verdict) {
		if v.Claim == "both" {
			fmt.Println(v.Holds, text.Claim(v.Claim, v.Values))
		}
	})
	if err != nil {
		panic(err)
	}
	// Output:
	// true Ā = 0 and an empty convolution: 0 % at ¶, 0 % one token later, 0 % at the end. All 9216 numbers of h have the bits of the document alone, and all answers.
}
