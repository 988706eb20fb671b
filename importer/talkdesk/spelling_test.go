package talkdesk

import "testing"

// Requests are under way at the same time, so what came of one may be told when
// another has changed the spelling.
func TestSpellingsAmongRequestsUnderWay(t *testing.T) {
	taken, refused := Answer{Verdict: OK, Status: 200}, Answer{Verdict: Rejected, Status: 400, Message: "status"}
	for _, c := range []struct {
		name  string
		forms []int // that were sent, in the order of their answers
		a     []Answer
		again []bool
		form  int // in use at the end
	}{
		{"both were under way in the first", []int{0, 0, 1}, []Answer{refused, refused, taken}, []bool{true, true, false}, 1},
		{"the other is known by then", []int{0, 1, 0}, []Answer{refused, taken, refused}, []bool{true, false, true}, 1},
		{"the first is known by then", []int{0, 0, 1}, []Answer{refused, taken, refused}, []bool{true, false, true}, 0},
		{"the other failed twice", []int{0, 1, 1}, []Answer{refused, refused, refused}, []bool{true, false, false}, 0},
		{"a lost answer tells nothing", []int{0, 0}, []Answer{{Verdict: Unknown}, refused}, []bool{false, true}, 1},
	} {
		var s spelling
		for i, form := range c.forms {
			if again := s.learn(form, c.a[i], aboutStatus); again != c.again[i] {
				t.Errorf("%s: answer %d: again %v", c.name, i+1, again)
			}
		}
		if s.form() != c.form {
			t.Errorf("%s: form %d", c.name, s.form())
		}
	}
}
