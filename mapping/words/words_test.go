package words

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"Ticket ID", "Subject", "Priority", "Requester e-mail", "Id"}
	for name, want := range map[string]string{
		"ticket_id": "Ticket ID", "Sbuject": "Subject", "subjct": "Subject", "Prio": "Priority", "requester email": "Requester e-mail",
		"ID": "Id", "Status": "", "x": "", "": "", "e-mail": "Requester e-mail",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("nearest to %q is %q, want %q", name, got, want)
		}
	}
}

func TestCounts(t *testing.T) {
	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 2: "2 rows", 999: "999 rows", 1000: "1,000 rows", 1234567: "1,234,567 rows"} {
		if got := Plural(n, "row"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{{"äöü", 2, "äö"}, {"äöü", 3, "äöü"}, {"äöü", 0, ""}, {"", 5, ""}} {
		if got := Cut(c.text, c.n); got != c.want {
			t.Errorf("%q at %d: %q", c.text, c.n, got)
		}
		if Longer(c.text, c.n) != (c.want != c.text) {
			t.Errorf("%q and %d", c.text, c.n)
		}
	}
}
