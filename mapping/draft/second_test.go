package draft_test

import (
	"strings"
	"testing"

	"caseimport/mapping"
	"caseimport/mapping/draft"
)

func TestCommentsInASecondFile(t *testing.T) {
	const tickets = "Ticket ID,Subject,Description,Requester\nT-7,First one,It is broken,Ann Bee\nT-8,Second one,It is worse,Bob Cee\nT-9,Third one,It is well,Cid Dee\n"
	for _, c := range []struct {
		name, tickets, comments string
		want                    []string // lines of the file
		sure, ask               string   // what the terminal says
	}{
		{"by names", tickets, "id,ticket_id,author,body,public,created_at\n1,T-8,ann,Hello there,true,2024-05-06 07:08\n2,T-8,bob,And again,false,2024-05-06 07:09\n3,T-7,ann,Well now,true,2024-05-07 07:09\n",
			[]string{"  - from: {file: notes.csv, key: ticket_id, sort: created_at}", `    note_title: {expr: 'join([row["author"], row["created_at"]], ", ")'}`, "    note_body: body", `    public: {expr: 'row["public"] == true'}`},
			"notes of notes.csv: one for each row, by ticket_id", ""},
		{"who may see them, in words", tickets, "ticket,text,Visibility\nT-7,Hello there,Public\nT-8,And again,internal\n",
			[]string{`    public: {expr: 'lower(trim(row["Visibility"])) == "public"'}`}, "notes of notes.csv: one for each row, by ticket", ""},
		{"… in words of another kind", tickets, "ticket,text,Visibility\nT-7,Hello there,public\nT-8,And again,managers\n",
			[]string{"    public: {const: false}"}, "notes of notes.csv: one for each row, by ticket", ""},
		{"by content", tickets, "Nr,Belongs to,Said\n1,T-8,Hello there\n2,T-8,And again\n3,T-7,Well now\n",
			[]string{"  - from: {file: notes.csv, key: Belongs to}", "    note_body: Said", "    public: {const: false}"},
			"", `notes of notes.csv: is "Belongs to" the key of the ticket?`},
		{"numbers that count both", strings.NewReplacer("T-7", "3107", "T-8", "3105", "T-9", "3102").Replace(tickets), "id,ticket,text\n3102,3105,Hello there\n3105,3105,And again\n3107,3107,Well now\n",
			[]string{"  - from: {file: notes.csv, key: ticket}"}, "notes of notes.csv: one for each row, by ticket", ""},
		{"dates that may be read in two ways", tickets, "ticket,text,date\nT-7,Hello there,01/02/2024\nT-7,Hello again,02/02/2024\n",
			[]string{`  - from: {file: notes.csv, key: ticket, sort: date, layout: "1/2/2006"}`}, "", `notes of notes.csv: are the dates in "date" written with the month first?`},
		{"nothing in common", tickets, "a,b\nx,y\n", []string{"  # - {from: {file: notes.csv, key: COLUMN}, note_body: COLUMN}"}, "", "notes of notes.csv: which column holds the key of the ticket, and which the text? Candidates:"},
		{"no key yet", strings.NewReplacer("T-7", "1", "T-8", "2", "T-9", "3", "Ticket ID", "Row").Replace(tickets), "ticket,text\n1,Hello there\n1,And again\n",
			[]string{"  # - from: {file: notes.csv, key: ticket}", "  #   note_body: text"}, "", "notes of notes.csv: they need the key of their ticket."},
	} {
		t.Run(c.name, func(t *testing.T) {
			export, comments := readCSV(t, []byte(c.tickets)), readCSV(t, []byte(c.comments))
			p := export.profile()
			p.Comments("notes.csv", "", comments.profile())
			d := draftOf(t, p, nil, "")
			for _, line := range c.want {
				if !strings.Contains(string(d.YAML), "\n"+line) {
					t.Errorf("no line %s in\n%s", line, d.YAML)
				}
			}
			if said := strings.Join(d.Sure, "\n"); !strings.Contains(said, c.sure) || c.sure == "" && strings.Contains(said, "notes") {
				t.Errorf("sure: %s", said)
			}
			if said := strings.Join(d.Ask, "\n"); !strings.Contains(said, c.ask) || c.ask == "" && strings.Contains(said, "notes") {
				t.Errorf("asked: %s", said)
			}
			if twice := both(d); len(twice) > 0 {
				t.Errorf("sure and asked about: %v", twice)
			}
			// The draft loads, and binds to both files.
			m, err := mapping.Parse("draft.yaml", d.YAML, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := m.CompileWith(export.columns, false, func(mapping.SecondFile) (mapping.Related, error) { return second{comments.columns}, nil }); err != nil {
				t.Error(err)
			}
			if n := draft.OpenQuestions(d.YAML); n > len(d.Ask) {
				t.Errorf("%d questions in the file, %d on the terminal", n, len(d.Ask))
			}
		})
	}
}

// TestEncodingOfTheSecondFile: what was guessed of it is written down, for the nights to
// come and for whoever knows better.
func TestEncodingOfTheSecondFile(t *testing.T) {
	export := readCSV(t, []byte("Ticket ID,Subject,Description\nT-7,First one,It is broken\nT-8,Second one,It is worse\n"))
	for comments, want := range map[string]string{
		"ticket,text\nT-7,Hello there\nT-8,And again\n": "\n  - from: {file: notes.csv, key: ticket, encoding: Windows-1252}\n",
		"a,b\nx,y\n": "\n  # - {from: {file: notes.csv, key: COLUMN, encoding: Windows-1252}, note_body: COLUMN}\n",
	} {
		p := export.profile()
		p.Comments("notes.csv", "Windows-1252", readCSV(t, []byte(comments)).profile())
		d := draftOf(t, p, nil, "")
		if !strings.Contains(string(d.YAML), want) {
			t.Errorf("no %s in\n%s", want, d.YAML)
		}
		if _, err := mapping.Parse("draft.yaml", d.YAML, nil); err != nil {
			t.Error(err)
		}
	}
}

// second is a file of comments without rows.
type second struct{ columns []string }

func (s second) Columns() ([]string, bool)                       { return s.columns, false }
func (s second) Index(mapping.By) (mapping.ByKey, error)         { return s, nil }
func (s second) Rows(string) (all []mapping.RelatedRow, _ error) { return all, nil }
func (s second) Claim(string)                                    {}
