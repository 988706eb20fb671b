package draft

import (
	"regexp"
	"strings"

	"caseimport/mapping"
)

// placeholders are what people and programs write into a cell that has nothing
// to say, in lower case.
var placeholders = set("?", "??", "-", "--", "---", "n/a", "na", "none", "null", "nil", "nan", "undefined",
	"(none)", "(empty)", "(blank)", "<null>", "not set", "unassigned", "no summary", "no description", "no subject",
	"#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!")

// isPlaceholder looks only at what may be one: every cell passes here.
func isPlaceholder(s string) bool {
	return len(s) <= 16 && strings.IndexByte("?-#(<nNuU", s[0]) >= 0 && placeholders[strings.ToLower(s)]
}

// Words for true and false. The first three pairs are those that a checkbox
// knows by itself.
var (
	trueWords  = set("true", "yes", "1", "y", "t", "on", "x", "ja", "oui", "si", "sí", "sim", "tak", "checked", "wahr", "vrai")
	falseWords = set("false", "no", "0", "n", "f", "off", "nein", "non", "não", "nao", "nie", "nee", "unchecked", "falsch", "faux")
	knownBools = set("true", "yes", "1", "false", "no", "0")
)

// Priorities by number, where 1 (or 0) is the highest, as most products count.
var (
	fromOne  = map[string]string{"1": "URGENT", "2": "HIGH", "3": "NORMAL", "4": "LOW", "5": "LOW"}
	fromZero = map[string]string{"0": "URGENT", "1": "HIGH", "2": "NORMAL", "3": "LOW", "4": "LOW"}
)

// dateWords in a header speak of a moment; durationWords deny it.
var (
	dateWords = set("date", "datetime", "timestamp", "created", "updated", "modified", "changed", "opened", "closed",
		"resolved", "solved", "due", "at", "on", "started", "dt",
		"datum", "am", "erstellt", "fecha", "creado", "data", "criado", "créé", "le")
	durationWords = set("minutes", "minute", "min", "mins", "hours", "hour", "hrs", "seconds", "second", "secs", "days",
		"duration", "spent", "tracked", "elapsed", "estimate", "count", "id", "number", "by")
)

// speaksOfDates reports whether a header announces dates.
func speaksOfDates(header string) bool {
	found := strings.HasSuffix(squeeze(header), "date")
	for _, w := range words(header) {
		if durationWords[w] {
			return false
		}
		found = found || dateWords[w]
	}
	return found
}

// idWords in a header announce a number or name of the record.
var idWords = set("id", "ids", "key", "number", "num", "no", "nr", "ref", "reference", "uuid", "guid", "ticketid", "caseid")

// ticketWords beside one of idWords say whose id it is.
var ticketWords = set("ticket", "case", "issue", "incident", "enquiry", "bug", "conversation", "sr")

// tagWords announce a column of several words.
var tagWords = set("tags", "tag", "labels", "label", "topics", "keywords")

var htmlTags = set("p", "br", "div", "span", "a", "table", "tr", "td", "ul", "ol", "li", "b", "i", "u", "html", "body",
	"img", "strong", "em", "h1", "h2", "h3", "h4", "blockquote", "pre", "font", "hr", "style", "meta")

// hasHTML looks for a tag of HTML.
func hasHTML(s string) bool {
	for {
		_, rest, ok := strings.Cut(s, "<")
		if !ok {
			return false
		}
		s = rest
		name := strings.TrimPrefix(rest, "/")
		end := strings.IndexAny(name, " />\t\n")
		if end > 0 && end <= 10 && htmlTags[strings.ToLower(name[:end])] && strings.Contains(name[end:], ">") {
			return true
		}
	}
}

// isTame holds where tameAddress finds what address finds: the first good
// address that stands alone or between separators, or nothing.
func isTame(s string) bool {
	at := tamePattern.FindStringIndex(s)
	if at == nil {
		return true
	}
	before, after := at[0] == 0 || strings.ContainsRune(" ,;<\t\n", rune(s[at[0]-1])), at[1] == len(s) || strings.ContainsRune(" ,;>\t\n", rune(s[at[1]]))
	return before && after && mapping.IsEmail(s[at[0]:at[1]])
}

// The patterns that find an address: the second always, the first in most
// columns.
const (
	tameAddress = `[\w.+-]+@[\w.-]+\.\w+`
	address     = `(?:^|[\s,;<])([\w!#$%&'*+/=?^{|}~-]+(?:\.[\w!#$%&'*+/=?^{|}~-]+)*@(?:[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*\.)+[A-Za-z0-9]{2,})(?:[\s,;>]|$)`
)

var tamePattern = regexp.MustCompile(tameAddress)

func set(all ...string) map[string]bool {
	m := make(map[string]bool, len(all))
	for _, s := range all {
		m[s] = true
	}
	return m
}

// Words of headers by what they announce.
var (
	subjectWords = set("subject", "title", "summary", "headline", "betreff", "titel", "asunto", "assunto", "titulo", "objet", "sujet", "oggetto")
	bodyWords    = set("description", "body", "details", "content", "message", "beschreibung", "descripcion", "descripción", "descricao", "descrição")
	personWords  = set("requester", "customer", "contact", "client", "caller", "reporter", "user", "sender", "submitter", "author", "person",
		"kunde", "kunden", "cliente", "klant")
	nameWords = set("name", "full", "display", "real", "nombre", "nome", "nom")
	// Columns that hold the requester's id.
	personIDs  = set("requesterid", "submitterid", "contactid", "customerid", "userid", "reporterid", "contactextid", "callerid", "creatorid", "accountid")
	staffWords = set("agent", "assignee", "assigned", "owner", "cc", "to", "admin", "teammate", "support", "resolver", "lead")
)

// nameMembers name the objects in a list, such as labels.
var nameMembers = set("name", "label", "title", "value")

// namingWords in a header say that its numbers name something.
var namingWords = set("phone", "mobile", "fax", "telephone", "zip", "zipcode", "postcode", "postal", "plz", "code", "account", "version", "serial")
