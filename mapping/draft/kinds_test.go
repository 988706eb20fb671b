package draft_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"caseimport/mapping/draft"
)

// repeat makes a file of n rows; every {} in the row becomes the row's number.
func repeat(header, row string, n int) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for i := range n {
		b.WriteString(strings.ReplaceAll(row, "{}", fmt.Sprint(i+7)) + "\n")
	}
	return b.String()
}

// TestRightOrAsked drafts files of the kinds in which drafts have gone wrong. sure
// and asked are the beginnings of lines for the terminal, file is what the draft
// must hold, and never what neither may.
func TestRightOrAsked(t *testing.T) {
	for _, c := range []struct {
		name, input              string
		sure, asked, file, never []string
	}{
		{
			name:  "a column without a name that counts the rows is no key",
			input: "Unnamed: 0,title,body,mail\n" + "0,Lamp a is out,It is dark,a@example.com\n1,Lamp b is out,It is dark there,b@example.com\n2,Lamp c is out,It is dark too,c@example.com\n",
			sure:  []string{"title: title"}, asked: []string{`key: is "Unnamed: 0" the ticket's own id? "Unnamed: 0" only counts the rows`}, never: []string{"\nkey:"},
		},
		{
			name:  "an id that counts many rows is asked about, a ticket's id is not",
			input: repeat("id,title,body", "{},The lamp {} is out,It has been dark on floor {} since noon", 25),
			asked: []string{`key: is "id" the ticket's own id? "id" only counts the rows`}, never: []string{"\nkey:"},
		},
		{
			name:  "a ticket's id may count",
			input: repeat("Ticket ID,title,body", "{},The lamp {} is out,It has been dark on floor {} since noon", 25),
			sure:  []string{"key: Ticket ID"},
		},
		{
			name:  "a uuid stands behind the number that people use",
			input: repeat("uuid,number,title,body", "00000000-0000-4000-8000-0000000000{},1{}3,The lamp {} is out,It has been dark on floor {}", 5),
			sure:  []string{"key: number"},
		},
		{
			name:  "names that products give are keys under any header",
			input: "Kod,title,body\nAB-3,The lamp is out,It is dark here\nAB-9,The door is stuck,It does not open\n",
			sure:  []string{"key: Kod"},
		},
		{
			name:  "hours are no key",
			input: "Hours worked,title,body\n3,The lamp is out,It is dark here\n9,The door is stuck,It does not open\n",
			never: []string{"\nkey:", "Hours worked, custom_field"},
		},
		{
			name:  "two ids of a kind are asked about",
			input: "Ticket ID,Case number,title,body\n3,10,The lamp is out,It is dark here\n9,18,The door is stuck,It does not open\n",
			asked: []string{`key: is "Ticket ID" the ticket's own id? "Case number" could be, too.`}, never: []string{"\nkey:"},
		},
		{
			name:  "a file without a header loses its first record",
			input: "370,Lamp 0 on floor 0 is out\n373,Lamp 1 on floor 1 is out\n376,Lamp 2 on floor 2 is out\n",
			asked: []string{`header: does the file begin with a line of column names? Its first line looks like data: "370"`}, never: []string{"\nkey:"},
		},
		{
			name:  "an address in a text is no requester",
			input: "No,Kurztext,Sonstiges\n17,Lampe aus,Login as a@example.com and go to floor 1 and then look up at the lamp\n19,Lampe an,Login as b@example.com and go to floor 2 and then look up at the lamp\n",
			asked: []string{"requester: no column looks like a name"}, never: []string{"requester_email: {", "requester_name: {column"},
		},
		{
			name:  "an answer is no description",
			input: repeat("Ticket ID,Title,Resolution Description", "{},The lamp {} is out,The lamp on floor {} was mended and the case closed by us", 6),
			asked: []string{"description: no column looks like one"}, never: []string{"description: Resolution", "columns: [Resolution"},
		},
		{
			name:  "a title that is nearly always the same",
			input: repeat("Ticket ID,Subject,Description", "{},Contact form message,It has been dark on floor {}", 20),
			asked: []string{`title: is "Subject" the subject? It is "Contact form message" in 20 rows.`},
		},
		{
			name:  "a title of one word",
			input: repeat("Ticket ID,Subject,Description", "{},lamp{},It has been dark on floor {}", 20),
			asked: []string{`title: is "Subject" the subject? It holds hardly more than one word.`},
		},
		{
			name:  "two titles",
			input: "Ticket ID,Subject,Title,Description\n3,The lamp is out,Head of sales,It is dark\n9,The door is stuck,Head of stock,It is shut\n",
			asked: []string{`title: is "Subject" the subject? The header "Title" says so, too. Candidates: "Subject" ("The lamp is out", "The door is stuck"); "Title" ("Head of sales", "Head of stock").`},
			file:  []string{"  title: Subject"},
		},
		{
			name:  "a street is no title",
			input: repeat("Ticket ID,Location,Narrative", "{},{} Long Street in the old town,It has been dark on floor {}", 6),
			never: []string{"title: Location"}, asked: []string{"title: "},
		},
		{
			name:  "personal numbers are asked about, whatever their header",
			input: "Ticket ID,Title,Description,Passport,Konto\n3,The lamp is out,It is dark,X1234567,DE02 1203 0000 0000 2020 51\n9,The door is stuck,It is shut,X1234568,DE02 5001 0517 0137 0750 30\n",
			asked: []string{`personal data: should "Passport" go to Talkdesk at all?`, `personal data: should "Konto" go to Talkdesk at all? It holds what looks like numbers of bank accounts.`},
			never: []string{"X1234567", "1203 0000"},
		},
		{
			name:  "a day and a time in two columns",
			input: "Ticket ID,Title,Description,Opened date,Opened time\n3,The lamp is out,It is dark,2024-01-02,9:05 AM\n9,The door is stuck,It is shut,2024-01-13,10:15 PM\n",
			file:  []string{`dateN: {expr: 'trim(join([row["Opened date"], row["Opened time"]], " "))', layout: "2006-01-02 3:04 PM", timezone: UTC}`},
		},
		{
			name:  "months in other languages, two blanks, JavaScript's form",
			input: "Ticket ID,Title,Created,Opened,Closed\n3,The lamp is out,01/ene/26 1:05 PM,01/Mar/14  1:05 PM,Tue Mar 05 2024 10:11:12 GMT+0200 (Eastern European Time)\n9,The door is stuck,21/sept/26 9:05 p. m.,11/Mar/14 11:05 PM,Fri Mar 15 2024 10:11:12 GMT+0200 (Eastern European Time)\n",
			file: []string{`dateN: {column: Created, layout: "2/Jan/06 3:04 PM", timezone: UTC}`, `dateN: {column: Opened, layout: "2/Jan/06 3:04 PM", timezone: UTC}`,
				`dateN: {column: Closed, layout: "Mon Jan 2 2006 15:04:05 GMT-0700"}`},
		},
		{
			name:  "zones in headers",
			input: "Ticket ID,Title,Created (UTC+02:00),closed_at_utc\n3,The lamp is out,2024-01-02 10:00,2024-01-02 10:00\n9,The door is stuck,2024-01-13 10:00,2024-01-13 10:00\n",
			file:  []string{`layout: "2006-01-02 15:04", timezone: Etc/GMT-2}`, `dateN: {column: closed_at_utc, layout: "2006-01-02 15:04", timezone: UTC}`},
			never: []string{"time zone: what"},
		},
		{
			name:  "status, owner and type of what an agent had",
			input: "Ticket ID,Subject,Description,Status,Assignee,Type\n3,The lamp is out,It is dark,geschlossen,a@example.com,Frage\n9,The door is stuck,It is shut,offen,b@example.com,Störung\n",
			sure:  []string{`status: Status, "geschlossen" 1, "offen" 1`, "owner_id: Assignee", "type: Type"},
			file:  []string{"owner_id: {column: Assignee, agent: true, default: \"\"}", "geschlossen: RESOLVED\n      offen: OPEN\n", "Gelöst: RESOLVED", "resolution: {const: Solved before the import}", "type: {column: Type, values: {Frage: QUESTION, Störung: INCIDENT}}"},
		},
		{
			name:  "a column of resolutions is the resolution",
			input: "Issue key,Summary,Status,Resolution,Assignee\nA-3,The lamp is out,Done,Fixed,ann\nA-9,The door is stuck,To Do,,bob\n",
			file:  []string{"resolution: {column: Resolution, default: Solved before the import}"},
		},
		{
			name:  "a letter is no resolution",
			input: "Ticket ID,Subject,Status,Resolution\n3,The lamp is out,Closed," + strings.Repeat("We have mended it. ", 20) + "\n9,The door is stuck,Open,\n",
			file:  []string{"resolution: {const: Solved before the import}"},
		},
		{
			name:  "an owner may be the requester or the agent",
			input: "Ticket ID,Subject,Description,Owner\n3,The lamp is out,It is dark,Ann Lee\n9,The door is stuck,It is shut,Bob Roy\n",
			asked: []string{`requester: who is it? Every case needs one, and no column says so. The owner, or is that the agent? Candidates: "Owner" ("Ann Lee", "Bob Roy").`,
				`owner_id: is "Owner" the agent whose case it is?`},
			file:  []string{"\n  # requester_name: Owner\n  requester_name: {const: Unknown requester}\n", "# owner_id: {column: Owner, values: {file: agents.csv}, agent: true, default: \"\"}"},
			never: []string{"no column looks like a name", "\n  owner_id"},
		},
		{
			name:  "an owner of addresses",
			input: "Ticket ID,Subject,Description,OWNER\n3,The lamp is out,It is dark,ann@example.com\n9,The door is stuck,It is shut,bob@example.com\n",
			asked: []string{"requester: who is it?", `owner_id: is "OWNER" the agent whose case it is?`},
			file:  []string{"\n  # requester_email: OWNER\n", "# owner_id: {column: OWNER, agent: true, default: \"\"}"},
		},
		{
			name:  "an owner beside an assignee is the requester, if nobody else is",
			input: "Ticket ID,Subject,Description,owner,owner_email,assignee\n3,The lamp is out,It is dark,Ann Lee,ann@example.com,Kim\n9,The door is stuck,It is shut,Bob Roy,bob@example.com,Kim\n",
			asked: []string{`requester_name: is "owner" the requester? Its header may mean the agent.`, `requester_email: is "owner_email" the requester's address?`},
			file:  []string{"\n  requester_name: owner\n", "\n  requester_email: owner_email\n"},
		},
		{
			name:  "an owner's address beside a requester",
			input: "Ticket ID,Subject,Description,Created by,Owner\n3,The lamp is out,It is dark,Ann Lee,ann@example.com\n9,The door is stuck,It is shut,Bob Roy,bob@example.com\n",
			asked: []string{`requester_name: is "Created by" the requester?`, `requester_email: is "Owner" the requester's address, or the agent's?`},
			file:  []string{"\n  requester_name: Created by\n", "\n  # requester_email: Owner\n"},
		},
		{
			name:  "a requester who is known needs no owner",
			input: "Ticket ID,Subject,Description,Requester,Requester email,Owner\n3,The lamp is out,It is dark,Ann Lee,ann@example.com,Kim\n9,The door is stuck,It is shut,Bob Roy,bob@example.com,Kim\n",
			sure:  []string{"requester_name: Requester", "requester_email: Requester email"}, asked: []string{`owner_id: is "Owner" the agent whose case it is?`},
			never: []string{"or the agent's?"},
		},
		{
			name:  "of two owners the address comes first",
			input: "Ticket ID,Subject,Description,Owner,Owner email\n3,The lamp is out,It is dark,Ann Lee,ann@example.com\n9,The door is stuck,It is shut,Bob Roy,bob@example.com\n",
			file:  []string{`  # owner_id: {column: Owner email, agent: true, default: ""}`, "  # requester_email: Owner email"},
		},
		{
			name:  "an owner beside a requester's address is no requester",
			input: "Ticket ID,Subject,Description,Owner,Requester email\n3,The lamp is out,It is dark,ann@example.com,eve@example.org\n9,The door is stuck,It is shut,bob@example.com,dan@example.org\n",
			sure:  []string{"requester_email: Requester email"}, asked: []string{`owner_id: is "Owner" the agent whose case it is?`},
			never: []string{`or the agent's?`},
		},
		{
			name:  "an owner's name is no requester's address",
			input: "Ticket ID,Subject,Description,Requester,Owner\n3,The lamp is out,It is dark,Ann Lee,Kim\n9,The door is stuck,It is shut,Bob Roy,Joe\n",
			sure:  []string{"requester_name: Requester"}, never: []string{`or the agent's?`},
		},
		{
			name:  "owners who are addresses and names",
			input: "Ticket ID,Subject,Description,Requester,Owner\n3,The lamp is out,It is dark,Ann Lee,kim@example.com\n9,The door is stuck,It is shut,Bob Roy,Joe\n",
			file:  []string{`  # owner_id: {column: Owner, values: {file: agents.csv}, pass: true, agent: true, default: ""}`},
		},
		{
			name:  "an owner nobody has",
			input: "Ticket ID,Subject,Description,Requester,Owner\n3,The lamp is out,It is dark,Ann Lee,\n9,The door is stuck,It is shut,Bob Roy,-\n",
			never: []string{`is "Owner" the agent`},
		},
		{
			name:  "an owner who stands there twice",
			input: "Ticket ID,Subject,Description,Requester,Owner,Owner\n3,The lamp is out,It is dark,Ann Lee,Kim,Joe\n9,The door is stuck,It is shut,Bob Roy,Kim,Max\n",
			never: []string{`is "Owner" the agent`},
		},
		{
			name:  "an owner who is a number",
			input: "Ticket ID,Subject,Description,Requester,Owner\n3,The lamp is out,It is dark,Ann Lee,7\n9,The door is stuck,It is shut,Bob Roy,12\n",
			never: []string{`is "Owner" the agent`},
		},
		{
			name:  "parents have parents themselves, and a column tells the levels apart",
			input: "Issue key,Issue id,Summary,Issue Type,Parent key\nA-1,1,The lamp is out,Epic,\nA-2,2,The door is stuck,Task,A-1\nA-3,3,It rains,Sub-task,A-2\nA-4,4,It snows,Sub-task,A-2\n",
			asked: []string{`parent_id: whose parents are to be kept? Subcases go one level deep, and 2 rows have a parent in "Parent key" that has a parent itself: all whose "Issue Type" is "Sub-task".`},
			file: []string{`  # parent_id: {expr: 'row["Issue Type"] == "Sub-task" ? row["Parent key"] : ""', key: true, default: ""}`,
				`  parent_id: {expr: 'row["Issue Type"] == "Sub-task" ? "" : row["Parent key"]', key: true, default: ""}`},
		},
		{
			name:  "several kinds at the lowest of four levels",
			input: "Issue key,Issue id,Summary,Issue Type,Parent key\nA-1,1,a,Epic,\nA-2,2,b,Task,A-1\nA-3,3,c,Sub-task,A-2\nA-4,4,d,It's,A-3\n",
			asked: []string{`parent_id: whose parents are to be kept? Subcases go one level deep, and 2 rows have a parent in "Parent key" that has a parent itself: all whose "Issue Type" is "It's" or "Sub-task".`},
			file:  []string{`  parent_id: {expr: 'row["Issue Type"] in ["It''s", "Sub-task"] ? "" : row["Parent key"]', key: true, default: ""}`},
			never: []string{"# parent_id"},
		},
		{
			name:  "a kind with a space behind it is another to the rule",
			input: "Issue key,Issue id,Summary,Issue Type,Parent key\nA-1,1,a,Epic,\nA-2,2,b,Task,A-1\nA-3,3,c,Sub-task,A-2\nA-4,4,d,Sub-task ,A-2\n",
			file:  []string{`  parent_id: {expr: 'row["Issue Type"] in ["Sub-task", "Sub-task "] ? "" : row["Parent key"]', key: true, default: ""}`},
		},
		{
			name:  "a level without a kind",
			input: "Issue key,Issue id,Summary,Issue Type,Parent key\nA-1,1,a,Epic,\nA-2,2,b,Task,A-1\nA-3,3,c, ,A-2\n",
			file:  []string{`  # parent_id: {column: Parent key, key: true, default: ""}`}, never: []string{"\n  parent_id"},
		},
		{
			name:  "parents have parents themselves, and nothing tells the levels apart",
			input: "Issue key,Issue id,Summary,Issue Type,Parent key\nA-1,1,The lamp is out,Task,\nA-2,2,The door is stuck,Task,A-1\nA-3,3,It rains,Task,A-2\n",
			asked: []string{`parent_id: whose parents are to be kept? Subcases go one level deep, and 1 row has a parent`},
			file:  []string{`  # parent_id: {column: Parent key, key: true, default: ""}`}, never: []string{"\n  parent_id"},
		},
		{
			name:  "a chain that ends in a row that is not there is none",
			input: "Issue key,Issue id,Summary,Parent key\nA-2,2,The door is stuck,A-1\nA-3,3,It rains,A-2\n",
			sure:  []string{"parent_id: Parent key (in 2 rows; a parent that is nowhere is left out)"},
		},
		{
			name:  "parents that are nowhere",
			input: "Issue key,Issue id,Summary,Parent key\nA-2,2,The door is stuck,B-1\nA-3,3,It rains,B-2\n",
			asked: []string{`parent_id: does "Parent key" hold keys of other rows? None of them is in this file.`},
			file:  []string{`  # parent_id: {column: Parent key, key: true, default: ""}`}, never: []string{"\n  parent_id"},
		},
		{
			name:  "an owner who is no address among addresses",
			input: "Ticket ID,Subject,Assignee\n3,The lamp is out,ann@example.com\n9,The door is stuck,bob@example.com\n11,It rains,Support desk\n",
			asked: []string{`owner_id: should the cases be assigned? "Assignee" holds other things than addresses in 1 row,`},
			file:  []string{"  # QUESTION: owner_id:", "# owner_id: {column: Assignee, values: {file: agents.csv}, pass: true, agent: true, default: \"\"}"},
		},
		{
			name:  "open tickets are not left behind",
			input: "Ticket ID,Subject,Status\n3,The lamp is out,Open\n9,The door is stuck,Open\n11,It rains,Pending\n",
			never: []string{"where:"},
		},
		{
			name:  "a state of the union is no status",
			input: "Ticket ID,Subject,Description,State\n3,The lamp is out,It is dark,NY\n9,The door is stuck,It is shut,CA\n",
			never: []string{"  status:", "status: State"},
		},
		{
			name:  "people's names beside their addresses are no titles",
			input: "Id,Name,Email,Notes\n13,Ann Lee,ann@example.com,Wants a call back about the offer\n19,Bob Ray,bob@example.com,Has a question about the bill\n",
			sure:  []string{"requester_email: Email"}, asked: []string{`requester_name: is "Name" the requester?`}, never: []string{"title: Name"},
		},
		{
			name:  "of ids the one that merely counts comes last",
			input: "Lfd. Nr.;Vorgang;Betreff;Beschreibung\n1;V-2024-17;Die Lampe ist aus;Es ist dunkel\n2;V-2024-19;Die Tür klemmt;Sie geht nicht auf\n",
			asked: []string{`key: is "Vorgang" the ticket's own id?`},
		},
		{
			name:  "whose address it is says the header",
			input: "ID;Asunto;Solicitante;Correo del solicitante;Correo del agente\n13;La lámpara no enciende;Ann Lee;ann@example.com;x@example.com\n19;La puerta no abre;Bob Ray;bob@example.com;y@example.com\n",
			sure:  []string{"requester_name: Solicitante", "requester_email: Correo del solicitante"},
		},
		{
			name:  "a status that nobody knows",
			input: "Ticket ID,Subject,Description,Status\n3,The lamp is out,It is dark,open\n9,The door is stuck,It is shut,at the printer's\n",
			asked: []string{`status: what status is "at the printer's" 1 in "Status"? OPEN is assumed.`},
		},
		{
			name:  "the record's own members beat those of an inner object, in an envelope too",
			input: `[{"uuid": "00000000-0000-4000-8000-000000000001", "data": {"milestone": {"title": "1.0", "description": "The first one that we shall show"}, "number": 4, "title": "The lamp is out", "body": "It is dark on floor 1", "author": {"name": "Ada Example"}, "comments_data": [{"body": "Seen"}]}},` + ` {"uuid": "00000000-0000-4000-8000-000000000002", "data": {"milestone": {"title": "1.0", "description": "The first one that we shall show"}, "number": 7, "title": "The door is stuck", "body": "It does not open at all", "author": {"name": "Ben Example"}, "comments_data": []}}]`,
			sure:  []string{"key: data.number", "title: data.title", "description: data.body", "requester_name: data.author.name", "notes: one for each comment in data.comments_data"},
		},
		{
			name:  "fields of a search engine's answer",
			input: `[{"_id": "a", "_source": {"ticket_id": 10, "subject": "The lamp is out", "description": "It is dark on floor 1", "user": {"fullname": "Ada Example"}}}, {"_id": "b", "_source": {"ticket_id": 11, "subject": "The door is stuck", "description": "It does not open", "user": {"fullname": "Ben Example"}}}]`,
			sure:  []string{"key: _source.ticket_id", "title: _source.subject", "description: _source.description", "requester_name: _source.user.fullname"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			input := readText(t, c.input)
			d := input.draft(t, nil, "")
			if twice := both(d); len(twice) > 0 {
				t.Errorf("sure and asked about: %v", twice)
			}
			for _, yaml := range [][]byte{d.YAML, keyed(d.YAML)} {
				if _, faults := input.valid(t, yaml); len(faults) > 0 {
					t.Errorf("invalid: %s", strings.Join(faults, "\n"))
				}
			}
			begins(t, "sure", d.Sure, c.sure)
			begins(t, "asked", d.Ask, c.asked)
			for _, want := range c.file {
				if !strings.Contains(string(d.YAML), want) {
					t.Errorf("no %s", want)
				}
			}
			for _, bad := range c.never {
				if strings.Contains(string(d.YAML), bad) || strings.Contains(strings.Join(slices.Concat(d.Sure, d.Ask), " "), bad) {
					t.Errorf("there is %q", bad)
				}
			}
			if t.Failed() {
				t.Logf("sure: %q\nasked: %q\n%s", d.Sure, d.Ask, d.YAML)
			}
		})
	}
}

func readText(t *testing.T, text string) *table {
	if strings.HasPrefix(text, "[") {
		return readJSON(t, []byte(text))
	}
	return readCSV(t, []byte(text))
}

func begins(t *testing.T, what string, lines, all []string) {
	t.Helper()
	for _, want := range all {
		found := false
		for _, l := range lines {
			found = found || strings.HasPrefix(l, want)
		}
		if !found {
			t.Errorf("not %s: %s", what, want)
		}
	}
}

// TestLanguages drafts an export of each product in each language in which its
// headers are known: recognised, and with the fields that its headers name.
func TestLanguages(t *testing.T) {
	for _, c := range []struct{ product, header, row, key, title, requester, priority string }{
		{"a Jira export", "Zusammenfassung,Vorgangsschlüssel,Vorgangs-ID,Vorgangstyp,Status,Priorität,Autor,Erstellt,Beschreibung", "Die Lampe {} ist aus,AB-{},10{},Aufgabe,Zu erledigen,Hoch,Person {},0{}/Mär/26 8:28 PM,Es ist dunkel im Stock {}", "Vorgangsschlüssel", "Zusammenfassung", "Autor", "Hoch: HIGH"},
		{"a Jira export", "Resumen,Clave de incidencia,ID de la incidencia,Tipo de Incidencia,Estado,Prioridad,Informador,Creada,Descripción", "La lámpara {} no va,AB-{},10{},Tarea,Por hacer,Más alta,Persona {},0{}/ago/26 8:28 PM,Está oscuro en el piso {}", "Clave de incidencia", "Resumen", "Informador", "Más alta: URGENT"},
		{"a Jira export", "Résumé,Clé de ticket,ID de ticket,Type de ticket,État,Priorité,Rapporteur,Création,Description", "La lampe {} est éteinte,AB-{},10{},Tâche,À faire,Élevée,Personne {},0{}/août/26 8:28 PM,Il fait noir à l'étage {}", "Clé de ticket", "Résumé", "Rapporteur", "Élevée: HIGH"},
		{"a Jira export", "Resumo,Chave da item,ID da item,Tipo de item,Status,Prioridade,Relator,Criado,Descrição", "A lâmpada {} não acende,AB-{},10{},Tarefa,Concluído,Média,Pessoa {},0{}/ago/26 8:28 PM,Está escuro no andar {}", "Chave da item", "Resumo", "Relator", "Média: NORMAL"},
		{"a Jira export", "Podsumowanie,Klucz zgłoszenia,Id. zgłoszenia,Typ zgłoszenia,Status,Priorytet,Osoba zgłaszająca,Utworzono,Opis", "Lampa {} nie świeci,AB-{},10{},Zadanie,Do zrobienia,Wysoki,Osoba {},0{}/lut/26 8:28 PM,Jest ciemno na piętrze {}", "Klucz zgłoszenia", "Podsumowanie", "Osoba zgłaszająca", "Wysoki: HIGH"},
		{"a Jira export", "要約,課題キー,課題タイプ,ステータス,優先度,報告者,説明", "ランプ{}が消えています,AB-{},タスク,完了,Medium,担当{},{}階が暗いです", "課題キー", "要約", "報告者", "Medium: NORMAL"},
		{"a GLPI export", "ID;Título;Estado;Prioridad;Solicitante - Solicitante;Fecha de apertura", "3{}9;Lámpara {} apagada;Nuevo;Primordial;Persona {};2025-03-0{} 12:00", "ID", "Título", "Solicitante - Solicitante", "Primordial: URGENT"},
		{"a GLPI export", "ID;Titre;Statut;Priorité;Demandeur - Demandeur;Attribué à - Technicien;Date d'ouverture", "3{}9;La lampe {} est éteinte;Nouveau;Très haute;Personne {};Agent;0{}-03-2025 12:00", "ID", "Titre", "Demandeur - Demandeur", "Très haute: URGENT"},
		{"a GLPI export", "ID;Título;Status;Prioridade;Requerente - Requerente;Data de abertura", "3{}9;Lâmpada {} apagada;Novo;Muito alta;Pessoa {};0{}-09-2025 14:10", "ID", "Título", "Requerente - Requerente", "Muito alta: URGENT"},
		{"a GLPI export", "ID;Titolo;Stato;Priorità;Richiedente - Richiedente;Assegnatario - Gruppo tecnico;Data di apertura", "3{}9;La lampada {} è spenta;Nuova;Massima;Persona {};Rete;0{}-03-2025 12:00", "ID", "Titolo", "Richiedente - Richiedente", "Massima: URGENT"},
		{"a GLPI export", "ID;Titel;Status;Priorität;Anforderer - Anforderer;Eröffnungsdatum", "3{}9;Die Lampe {} ist aus;Neu;Sehr hoch;Person {};0{}-03-2025 12:00", "ID", "Titel", "Anforderer - Anforderer", "Sehr hoch: URGENT"},
		{"a Freshdesk CSV export", "ID del ticket,Asunto,Estado,Prioridad,Agente,Hora de creación,Nombre completo,ID del contacto", "3{}9,La lámpara {} no va,Open,Urgent,Agente uno,2025-03-0{} 12:00:00,Persona {},9{}", "ID del ticket", "Asunto", "Nombre completo", "Urgent: URGENT"},
		{"an OTRS or Znuny export", "Número;Ticket#;Idade;Titulo;Criado;Fila;Estado;Prioridade;Usuário Cliente", "{};20250815100002{};27 d;Troca de toner {};2025-08-0{} 15:50:04;TI;Fechado com êxito;4 Alta;Pessoa {}", "Ticket#", "Titulo", "Usuário Cliente", "4 Alta: HIGH"},
		{"an OTRS or Znuny export", "Numéro;Ticket#;Titre;Créé;File;État;Priorité;Client Utilisateur", "{};20250815100002{};La lampe {} est éteinte;2025-08-0{} 15:50:04;TI;nouveau;4 important;Personne {}", "Ticket#", "Titre", "Client Utilisateur", "4 important: HIGH"},
		{"a Redmine export", "#;Projekt;Tracker;Status;Priorität;Thema;Autor;Zugewiesen an;Aktualisiert", "3{}9;Web;Fehler;Neu;Sofort;Die Lampe {} ist aus;Person {};Agent;0{}.03.2025 12:00", "#", "Thema", "Autor", "Sofort: URGENT"},
		{"a Redmine export", "#;プロジェクト;トラッカー;ステータス;優先度;題名;作成者;更新日", "3{}9;ウェブ;バグ;新規;急いで;ランプ{}が消えています;担当{};2025/03/0{} 12:00", "#", "題名", "作成者", "急いで: URGENT"},
		{"a Redmine export", "#;Projekt;Typ zagadnienia;Status;Priorytet;Temat;Autor;Data modyfikacji", "3{}9;Web;Błąd;Nowy;Pilny;Lampa {} nie świeci;Osoba {};2025-03-0{} 12:00", "#", "Temat", "Autor", "Pilny: URGENT"},
		{"a ServiceNow export", "Número,Breve descripción,Solicitante,Prioridad,Estado,Abierto", "INC00100{},La lámpara {} no va,Persona {},1 - Crítica,Nuevo,2025-03-0{} 12:00:00", "Número", "Breve descripción", "Solicitante", "1 - Crítica: URGENT"},
		{"a ServiceNow export", "Número,Descrição resumida,Solicitante,Prioridade,Estado,Aberto", "INC00100{},A lâmpada {} não acende,Pessoa {},3 - Moderada,Novo,2025-03-0{} 12:00:00", "Número", "Descrição resumida", "Solicitante", "3 - Moderada: NORMAL"},
	} {
		t.Run(c.product+" "+c.title, func(t *testing.T) {
			input := readText(t, repeat(c.header, c.row, 3))
			d := input.draft(t, nil, "")
			if d.Product != c.product {
				t.Errorf("recognised as %s, want %s", d.Product, c.product)
			}
			if _, faults := input.valid(t, keyed(d.YAML)); len(faults) > 0 {
				t.Errorf("invalid: %s", strings.Join(faults, "\n"))
			}
			begins(t, "sure", d.Sure, []string{"key: " + c.key, "title: " + c.title, "requester_name: " + c.requester, "priority: "})
			plain := strings.ReplaceAll(string(d.YAML), `"`, "")
			for _, want := range []string{c.priority, "dateN: "} {
				if want == "dateN: " && strings.HasPrefix(c.header, "要約") {
					continue
				}
				if !strings.Contains(plain, want) {
					t.Errorf("no %s", want)
				}
			}
			if t.Failed() {
				t.Logf("sure: %q\nasked: %q\n%s", d.Sure, d.Ask, d.YAML)
			}
		})
	}
}

func TestOpenQuestions(t *testing.T) {
	if n := draft.OpenQuestions([]byte("# QUESTION: a\n  # QUESTION: b\n# answered: c\n# a QUESTION in a text\n")); n != 2 {
		t.Errorf("%d questions, want 2", n)
	}
}
