package draft

import (
	"fmt"
	"slices"
	"strings"
)

// product is what is known of one helpdesk's export. All headers here are
// squeezed: lower-case letters and digits only, and the dots of a JSON path.
// Of several candidates the first that holds something serves.
type product struct {
	name  string // for --from
	title string // for people

	// tell are sets of headers: where all of one set are there, it is this
	// product. The largest set wins.
	tell [][]string

	key      []string
	subject  []string
	body     []string
	person   []string // the requester's name
	email    []string // the requester's address
	priority []string
	comments []string // one note for each element, or for each repeated header
	remarks  []string // one note of the whole cell, not public
	agent    []string // who works on the ticket
	status   []string

	// codes say in words what a column's numbers mean.
	codes map[string]map[string]string
	// internal columns mean nothing outside the product; a * stands for any
	// beginning.
	internal []string
	// advice is told to everyone with such an export.
	advice string
}

var (
	freshCodes = map[string]map[string]string{
		"priority": {"1": "Low", "2": "Medium", "3": "High", "4": "Urgent"},
		"status":   {"2": "Open", "3": "Pending", "4": "Resolved", "5": "Closed"},
		"source":   {"1": "Email", "2": "Portal", "3": "Phone", "7": "Chat", "9": "Feedback widget", "10": "Outbound email"},
		"urgency":  {"1": "Low", "2": "Medium", "3": "High"},
		"impact":   {"1": "Low", "2": "Medium", "3": "High"},
	}
	incidentStates = map[string]string{"1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed", "8": "Canceled"}
)

// The last of the products is the plain table; its candidates also serve the
// others where their own are missing.
var products = []product{
	{
		name: "zendesk", title: "a Zendesk CSV export",
		tell: [][]string{
			{"summationcolumn"}, {"requesterdomain"}, {"groupstations", "assigneestations"},
			{"id", "requester", "requesteremail", "submitter", "subject"},
			{"id", "requester", "submitter", "assignee", "subject"},
		},
		key:      []string{"id", "ticketid"},
		subject:  []string{"subject"},
		body:     []string{"description", "comment"},
		person:   []string{"requester", "requestername"},
		email:    []string{"requesteremail"},
		priority: []string{"priority"},
		agent:    []string{"assignee"},
		status:   []string{"status"},
		internal: []string{"summationcolumn", "requesterid"},
		advice:   "Zendesk's CSV holds neither descriptions nor comments: its JSON export does, and init reads it too.",
	},
	{
		name: "zendesk", title: "a Zendesk JSON export",
		tell: [][]string{
			{"submitterid", "assigneeid", "subject"}, {"requesterid", "submitterid"}, {"ticketformid", "requesterid"},
			{"rawsubject", "requesterid"}, {"submitterid", "organizationid", "viasourcefromaddress"},
			{"requesterid", "via.channel"}, {"requesterid", "externalid", "subject"},
		},
		key:      []string{"id"},
		subject:  []string{"subject", "rawsubject"},
		body:     []string{"description"},
		person:   []string{"requester.name", "requestername", "via.source.from.name"},
		email:    []string{"requester.email", "requesteremail", "via.source.from.address"},
		priority: []string{"priority"},
		comments: []string{"comments"},
		agent:    []string{"assignee.name", "assignee.email", "assigneename", "assigneeid"},
		status:   []string{"status"},
		internal: []string{"url", "requester.*", "submitter.*", "requesterid", "submitterid", "organizationid", "groupid", "brandid", "ticketformid",
			"sharingagreementids", "generatedtimestamp", "rawsubject", "collaboratorids", "followerids", "emailccids",
			"followupids", "via.source.*", "allowchannelback", "allowattachments", "isprivate", "ispublic", "fields", "customstatusid"},
	},
	{
		name: "freshservice", title: "a Freshservice export",
		tell: [][]string{
			{"ticketid", "requestername", "urgency", "impact"}, {"ticketid", "requesteremail", "createdtime", "duebytime"},
			{"requestername", "requesteremail", "subcategory", "item"}, {"responderid", "urgency", "impact"},
			{"resolutionnote", "requestername", "item"}, {"subject", "requestername", "createdtime", "lastupdatedtime", "source"},
		},
		key:      []string{"ticketid", "displayid", "id"},
		subject:  []string{"subject"},
		body:     []string{"descriptiontext", "description"},
		person:   []string{"requestername", "requester.name"},
		email:    []string{"requesteremail", "requester.email", "email"},
		priority: []string{"priority"},
		comments: []string{"conversations"},
		remarks:  []string{"resolutionnote", "resolutionnotes"},
		agent:    []string{"agent", "agentname", "responderid"},
		status:   []string{"status"},
		codes:    freshCodes,
		internal: []string{"requesterid", "groupid", "companyid", "departmentid", "workspaceid", "requestedforid", "emailconfigid"},
	},
	{
		name: "freshdesk", title: "a Freshdesk CSV export",
		tell: [][]string{
			{"ticketid", "subject", "fullname", "contactid"}, {"ticketid", "agentinteractions", "customerinteractions"},
			{"everyresponsestatus"}, {"ticketid", "associationtype"}, {"ticketid", "subject", "fullname", "email"},
			{"ticketid", "subject", "createdtime", "surveyresults"},
		},
		key:      []string{"ticketid"},
		subject:  []string{"subject"},
		body:     []string{"description", "descriptiontext"},
		person:   []string{"fullname", "contactname", "requestername"},
		email:    []string{"email", "contactemail", "requesteremail"},
		priority: []string{"priority"},
		agent:    []string{"agent"},
		status:   []string{"status"},
		codes:    freshCodes,
		internal: []string{"contactid"},
	},
	{
		name: "freshdesk", title: "a Freshdesk JSON export",
		tell: [][]string{
			{"responderid", "requesterid"}, {"frdueby", "requesterid"}, {"ccemails", "fwdemails"}, {"ccemails", "requesterid"},
			{"descriptiontext", "requesterid"},
			{"descriptiontext", "requesterid", "responderid", "subject"},
		},
		key:      []string{"id", "displayid", "ticketid"},
		subject:  []string{"subject"},
		body:     []string{"descriptiontext", "description"},
		person:   []string{"requester.name", "requestername", "name"},
		email:    []string{"requester.email", "requesteremail", "email"},
		priority: []string{"priority"},
		comments: []string{"conversations", "notes"},
		agent:    []string{"responder.name", "respondername", "responderid"},
		status:   []string{"status"},
		codes:    freshCodes,
		internal: []string{"requester.*", "responder.*", "requesterid", "groupid", "companyid", "productid", "emailconfigid",
			"fwdemails", "replyccemails", "ticketccemails", "twitterid", "facebookid", "structureddescription"},
	},
	{
		name: "jira", title: "a Jira export",
		tell: [][]string{
			{"issuekey", "issueid"}, {"issuekey", "summary"}, {"issuekey"}, {"issuetype", "projectkey"},
			{"key", "fields.summary"}, {"key", "issuetype", "summary", "reporter"},
		},
		key:      []string{"issuekey", "key", "issueid"},
		subject:  []string{"summary", "fields.summary", "title"},
		body:     []string{"description", "fields.description"},
		person:   []string{"reporter", "fields.reporter.displayname", "creator"},
		email:    []string{"reporteremail", "fields.reporter.emailaddress", "customfieldreporteremail"},
		priority: []string{"priority", "fields.priority.name"},
		comments: []string{"comment", "comments"},
		agent:    []string{"assignee", "fields.assignee.displayname"},
		status:   []string{"status", "fields.status.name"},
		internal: []string{"issueid", "*assigneeid", "reporterid", "creatorid", "projectleadid", "watchersid", "self",
			"customfieldrank", "customfieldcharttimeinstatus", "customfielddevelopment", "customfieldepiccolor", "customfieldapprovals", "workratio", "lastviewed"},
	},
	{
		name: "servicenow", title: "a ServiceNow export",
		tell: [][]string{
			{"number", "shortdescription"}, {"number", "callerid"}, {"number", "sysid"},
			{"sysupdatedat", "incidentstate", "assignmentgroup"}, {"number", "assignmentgroup", "openedat"},
			{"number", "caller", "shortdescription"}, {"sysid", "shortdescription"},
		},
		key:      []string{"number", "sysid"},
		subject:  []string{"shortdescription"},
		body:     []string{"description"},
		person:   []string{"callerid", "caller", "callerid.name", "requestedfor", "openedby"},
		email:    []string{"callerid.email", "caller.email", "calleremail", "callerid", "caller"},
		priority: []string{"priority"},
		remarks:  []string{"comments", "worknotes", "commentsandworknotes", "closenotes"},
		agent:    []string{"assignedto"},
		status:   []string{"state", "incidentstate"},
		codes:    map[string]map[string]string{"state": incidentStates, "incidentstate": incidentStates},
		internal: []string{"sysid", "sysmodcount", "sysdomain", "sysdomainpath", "systags", "sysclassname"},
	},
	{
		name: "salesforce", title: "a Salesforce export of cases",
		tell: [][]string{
			{"casenumber", "suppliedemail"}, {"casenumber", "ownerid"}, {"casenumber", "accountid"}, {"casenumber", "contactid"},
			{"casenumber", "caseowner"}, {"casenumber", "subject"}, {"systemmodstamp", "casenumber", "id"},
		},
		key:      []string{"casenumber", "id", "caseid"},
		subject:  []string{"subject"},
		body:     []string{"description"},
		person:   []string{"suppliedname", "contactname", "contact.name", "webname", "accountname", "account.name"},
		email:    []string{"suppliedemail", "contactemail", "contact.email", "webemail"},
		priority: []string{"priority"},
		remarks:  []string{"comments", "casecomments", "internalcomments"},
		agent:    []string{"caseowner", "owner.name", "ownerid"},
		status:   []string{"status"},
		internal: []string{"id", "isdeleted", "contactid", "accountid", "assetid", "productid", "entitlementid", "sourceid", "businesshoursid",
			"parentid", "createdbyid", "lastmodifiedbyid", "systemmodstamp", "lastvieweddate", "lastreferenceddate", "recordtypeid", "attributes.*"},
	},
	{
		name: "hubspot", title: "a HubSpot export of tickets",
		tell: [][]string{
			{"ticketname", "pipeline"}, {"ticketname", "ticketstatus"}, {"recordid", "ticketname"}, {"ticketname", "ticketdescription"},
			{"hspipelinestage"}, {"hsticketid"}, {"properties.subject", "properties.hspipelinestage"},
		},
		key:     []string{"recordid", "ticketid", "hsticketid", "hsobjectid", "id"},
		subject: []string{"ticketname", "subject", "properties.subject"},
		body:    []string{"ticketdescription", "content", "properties.content"},
		person:  []string{"associatedcontact", "allassociatedcontacts", "contactname"},
		email: []string{"associatedcontactemail", "allassociatedcontactemails", "allassociatedcontactemail",
			"contactemail", "email"},
		priority: []string{"priority", "ticketpriority", "hsticketpriority", "properties.hsticketpriority"},
		agent:    []string{"ticketowner", "hubspotownerid"},
		status:   []string{"ticketstatus", "hspipelinestage", "properties.hspipelinestage"},
		internal: []string{"allassociatedcontactids", "*associatedcontactids", "*associatedcompanyids", "hsobjectid"},
	},
	{
		name: "intercom", title: "an Intercom export of conversations",
		tell: [][]string{
			{"conversationid", "username"}, {"conversationid", "conversationstartedat"}, {"currentconversationstate"},
			{"conversationid", "useremail"}, {"conversationparts", "source.author.email"}, {"conversationid", "startedby"},
		},
		key:      []string{"conversationid", "id"},
		subject:  []string{"title", "source.subject", "conversationtitle"},
		body:     []string{"description", "firstmessage", "source.body", "message"},
		person:   []string{"username", "source.author.name"},
		email:    []string{"useremail", "source.author.email"},
		priority: []string{"priority"},
		comments: []string{"conversationparts.conversationparts", "conversationparts"},
		agent:    []string{"teammatecurrentlyassigned", "adminassigneeid"},
		status:   []string{"currentconversationstate", "state"},
		internal: []string{"userid", "workspaceid", "contactid"},
	},
	{
		name: "zoho", title: "a Zoho Desk export",
		tell: [][]string{
			{"ticketextid"}, {"contactextid"}, {"ticketnumber", "contactid"}, {"ticketnumber", "departmentid"},
			{"requestid", "ticketowner", "classification"}, {"ticketid", "ticketowner", "contactname", "subject"},
			{"ticketnumber", "createdtime", "channel"},
		},
		key:      []string{"ticketextid", "ticketnumber", "requestid", "ticketid", "id"},
		subject:  []string{"subject"},
		body:     []string{"description"},
		person:   []string{"contactname", "contact.name", "contact.lastname", "fullname"},
		email:    []string{"email", "contactemail", "contact.email"},
		priority: []string{"priority"},
		comments: []string{"comments", "threads", "conversations"},
		remarks:  []string{"resolution"},
		agent:    []string{"ticketowner", "assignee.name", "agentextid", "assigneeid"},
		status:   []string{"status"},
		internal: []string{"contactextid", "contactid", "departmentid", "departmentextid", "accountid", "accountextid", "layoutid", "weburl", "productid", "teamid"},
	},
	{
		name: "bugzilla", title: "a Bugzilla list of bugs",
		tell: [][]string{
			{"bugid", "product", "component"}, {"bugid", "summary"}, {"bugid", "shortdesc"}, {"bugseverity", "repplatform"},
			{"id", "summary", "product", "component", "severity"},
		},
		key:      []string{"bugid", "id"},
		subject:  []string{"summary", "shortdesc", "shortshortdesc"},
		body:     []string{"description", "longdesc", "comment0"},
		person:   []string{"reporterrealname", "creatordetail.realname", "reporter", "creator"},
		email:    []string{"reporteremail", "creatordetail.email", "reporter", "creator"},
		priority: []string{"priority", "severity", "bugseverity"},
		comments: []string{"comments"},
		agent:    []string{"assignee", "assignedto", "assigneerealname"},
		status:   []string{"status", "bugstatus"},
	},
	{
		name: "github", title: "a list of GitHub issues",
		tell: [][]string{
			{"number", "title", "state"}, {"number", "title", "htmlurl"}, {"number", "title", "user.login"}, {"number", "title", "author.login"},
			{"repositoryurl", "number"}, {"commentsurl", "eventsurl"},
		},
		key:      []string{"number", "id"},
		subject:  []string{"title"},
		body:     []string{"body", "description"},
		person:   []string{"user.login", "author.login", "author", "user", "creator"},
		email:    []string{"author.email", "user.email"},
		comments: []string{"comments"},
		agent:    []string{"assignee.login", "assignee"},
		status:   []string{"state", "status"},
		internal: []string{"id", "nodeid", "url", "*url", "user.*", "author.*", "assignee.*", "closedby.*", "reactions.*", "performedviagithubapp", "milestone.*", "pullrequest.*"},
	},
	{
		name: "plain", title: "a plain table",
		key: []string{"ticketid", "caseid", "ticketnumber", "casenumber", "requestid", "issueid", "issuekey", "incidentid", "incidentnumber",
			"id", "key", "number", "reference", "ref", "uuid", "externalid", "ticket", "case", "no", "nr", "nummer"},
		subject: []string{"subject", "title", "summary", "shortdescription", "ticketsubject", "ticketname", "tickettitle", "casesubject", "casetitle",
			"headline", "betreff", "titel", "asunto", "titulo", "título", "assunto", "objet", "sujet", "oggetto", "onderwerp", "otsikko", "emne", "zusammenfassung", "resumen", "тема", "件名"},
		body: []string{"description", "body", "details", "detail", "content", "message", "text", "ticketdescription", "casedescription",
			"fulldescription", "longdescription", "beschreibung", "descripcion", "descripción", "descricao", "descrição", "descrizione",
			"omschrijving", "kuvaus", "описание", "説明", "内容", "nachricht", "comment", "comments", "question", "problem", "notes"},
		person: []string{"requester", "requestername", "requester.name", "customername", "customer.name", "customer", "contactname", "contact.name",
			"contact", "fullname", "name", "username", "clientname", "client", "reporter", "reportedby", "caller", "callername", "sender", "from",
			"submitter", "submittedby", "author", "createdby", "kunde", "kundenname", "melder", "anforderer", "solicitante", "cliente", "nombre", "nome", "nom", "klant", "demandeur", "имя", "名前", "氏名"},
		email: []string{"requesteremail", "requester.email", "customeremail", "customer.email", "contactemail", "contact.email", "email",
			"emailaddress", "mail", "useremail", "clientemail", "reporteremail", "senderemail", "fromemail", "from", "sender",
			"submitteremail", "correo", "courriel", "correoelectronico", "correoelectrónico", "почта", "kundenemail", "requester", "reporter", "createdby"},
		priority: []string{"priority", "ticketpriority", "casepriority", "severity", "urgency", "importance", "prioritaet", "priorität",
			"prioridad", "prioridade", "priorite", "priorité", "priorita", "priorità", "prio", "приоритет", "優先度"},
		comments: []string{"comments", "comment", "conversations", "messages", "notes", "replies", "thread"},
		remarks:  []string{"worknotes", "internalnotes", "resolutionnotes", "closenotes"},
		agent:    []string{"assignee", "agent", "owner", "assignedto", "agentname", "ticketowner", "caseowner"},
		status:   []string{"status", "state", "ticketstatus", "casestatus"},
	},
}

// Products are the names that Draft takes as the product's.
func Products() []string {
	var all []string
	for _, p := range products {
		if !slices.Contains(all, p.name) {
			all = append(all, p.name)
		}
	}
	return all
}

// recognise finds the product whose headers these are, and the headers that
// told. With a name, only that product's tables are looked at.
func recognise(columns []*column, from string) (*product, []string, error) {
	there := make(map[string]string)
	for _, c := range columns {
		there[c.plain] = c.name
	}
	plain := &products[len(products)-1]
	best, told := plain, []string(nil)
	known := from == ""
	for i := range products {
		p := &products[i]
		if from != "" {
			if p.name != from {
				continue
			}
			known = true
			if best == plain {
				best = p
			}
		}
		for _, headers := range p.tell {
			if names := all(there, headers); len(names) > len(told) {
				best, told = p, names
			}
		}
	}
	if !known {
		return nil, nil, fmt.Errorf("unknown product %q: use one of %s", from, strings.Join(Products(), ", "))
	}
	return best, told, nil
}

// all gives the names of all the headers, or nil if one is not there.
func all(there map[string]string, headers []string) []string {
	var names []string
	for _, h := range headers {
		name, ok := there[h]
		if !ok {
			return nil
		}
		names = append(names, name)
	}
	return names
}

// isInternal reports whether the product's table calls the column internal.
func (p *product) isInternal(plain string) bool {
	for _, pattern := range p.internal {
		if tail, ok := strings.CutPrefix(pattern, "*"); ok && strings.HasSuffix(plain, tail) {
			return true
		}
		if head, ok := strings.CutSuffix(pattern, "*"); ok && strings.HasPrefix(plain, head) {
			return true
		}
		if pattern == plain {
			return true
		}
	}
	return false
}
