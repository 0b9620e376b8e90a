// Package lesson has the lessons of the program: each is one question about
// Mamba, a set-up in which it can be watched, steps ("press this, see that")
// and claims.
//
// A claim is a sentence with places for numbers and a Go function that
// measures them and says whether the sentence is true. There is one such
// function: go test runs it, learn --check runs it, and the explorer runs it
// beside the screen, so a lesson cannot say what the model does not do. No
// number stands in a text.
//
// The texts are embedded files, assets/lessons/LANGUAGE/NAME.md: everything
// that a lesson prints for people is there, once for each language.
//
//	lab := &lesson.Lab{}
//	defer lab.Close()
//	l, err := lesson.ByName("boundary")
//	text, err := l.Text(lesson.English)
//	err = l.Check(ctx, lab, func(v lesson.Verdict) {
//		fmt.Println(v.Holds, text.Claim(v.Claim, v.Values))
//	})
//
// Progress follows a person through the steps from the frames of a session.
package lesson
