// Package sandbox is a Case API on loopback: what an import is rehearsed
// against, and what the importer's own tests run against. It offers
//
//	POST   /cm/core/va/cases        create a case
//	GET    /cm/core/va/cases        list cases, with every filter
//	GET    /cm/core/va/cases/{id}   one case
//	PATCH  /cm/core/va/cases/{id}   update a case
//	DELETE /cm/core/va/cases?ids=   move cases to the Trash
//	GET    /cm/meta/va/fields       the account's case fields
//	GET    /users                   its agents
//	POST   /oauth/token             client credentials (Basic or private_key_jwt)
//
// It keeps everything in memory, prints nothing, and must never listen on
// anything but loopback, call out, or know the pipeline that is tried on it.
//
// # Where the API's public pages are strict, so is the sandbox
//
// A body is refused (400) with all its faults named at once: unknown or
// repeated fields, wrong types, custom fields without one of the nine
// prefixes, a missing title, description or requester, values over the limits.
// So are unknown or malformed query parameters. Tokens expire, and each
// operation needs its own scope. An assigned case is OPEN by itself. A subcase
// cannot have subcases.
//
// An update takes custom fields wrapped, {"text1": {"value": "x"}}, and an
// active agent as owner. Resolving needs a resolution. A resolved case can only
// be reopened, a closed one not even that. A deleted case is gone from reading,
// and its subcases with it.
//
// Keys and option codes are checked with [Options.Fields] only, the owners of
// new cases with [Options.Agents] only: what is right for a real account must
// be fit for a rehearsal. Without them a made-up set of fields and agents is
// shown; with [Options.AnyAgent] every address is an agent's.
//
// # Where the pages are silent or disagree, it is awkward
//
// What pages contradict each other about has an option; the default is the
// page's own form. Custom fields are read in eight shapes ([Options.ListShape],
// [Options.CaseShape]), filtered by in two ([Options.FilterForm]), defined in
// four wrappings ([Options.FieldsForm]) with their labels under three names
// ([Options.LabelSpelling]). Notes, owners and resolutions have two names each
// ([Options.ResolutionName]), a case on hold two spellings ([Options.Statuses]), and
// lists may hide members ([Options.ListHides]). Beside that:
//
//   - Text filters match substrings and ignore case ([Options.ExactMatch]).
//   - The list lags behind creations ([Options.Lag]); the single case does not.
//   - The list wraps custom fields as {"value": …, "label": …, "name": …}; the
//     answers for a single case hold them plain.
//   - Without order_by and sort the newest case comes first. Times have whole
//     seconds, so many cases share one.
//   - null is a wrong type, not an absent field. A note needs a note_body.
//   - Nobody has a phone, and owners have no names in lists: filters on
//     requester_phone and agent_name find nothing.
//   - A requester whose e-mail address ends in .invalid cannot be resolved: the
//     case is refused. The ending is reserved for addresses that cannot exist,
//     so no faults are needed to rehearse a refusal.
//   - Empty members are left out of answers; but reads show a root's parent_id as null.
//   - A parent that is not there is taken: it may be there in a real account.
//
// # Faults
//
// Faults are asked for in [Options]. The rate limit, latency and the outage
// concern every request to the API ([OutageMode] says when the token endpoint
// too), [Options.ReadFaults] reads, [Options.UpdateFaults] updates and
// deletions, [Options.ListFaults] every list of cases, all others creates only.
// What happens to a request depends on the seed, the request's content and how
// often it has come before: not on the order in which parallel requests arrive,
// so that a run can be repeated.
//
// # Reading order
//
//	options.go              what can be asked for
//	server.go, start.go     the server, its listener, the outage
//	call.go                 the routes, and a request on its way to an answer
//	body.go, fields.go      a request's body, and what each field may hold
//	account.go              what is so in this account: fields, agents, statuses
//	json.go                 raw JSON
//	store.go                the cases
//	list.go, answer.go      which cases are listed, and how they are written
//	meta.go                 the field definitions, agents, and pages of anything
//	reply.go                errors, headers, the log
//	faults.go, inject.go    which request meets which fault, and what it does
//	limit.go                429
//	token.go, assertion.go  access tokens
//	stats.go, admin.go      what tests see
//
// # For tests
//
// GET /_sandbox/cases and GET /_sandbox/stats, which the API does not have,
// tell without a token, lag or faults what is stored, also in the Trash, and
// what was asked.
package sandbox
