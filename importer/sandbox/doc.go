// Package sandbox is a Case API on loopback: what an import is rehearsed
// against, and what the importer's own tests run against. It offers
//
//	POST  /cm/core/va/cases        create a case
//	GET   /cm/core/va/cases        list cases, with every filter
//	GET   /cm/core/va/cases/{id}   one case
//	PATCH /cm/core/va/cases/{id}   update a case
//	POST  /oauth/token             client credentials (Basic or private_key_jwt)
//
// It keeps everything in memory, prints nothing, and must never listen on
// anything but loopback, call out, or know the pipeline that is tried on it.
//
// # Where the API's public pages are strict, so is the sandbox
//
// A body is refused (400) with all its faults named at once: unknown or
// repeated fields, wrong types, custom fields without one of the nine
// prefixes, a missing title, description or requester, values over the limits.
// So are unknown or malformed query parameters. Tokens expire, reading and
// writing need their own scopes.
//
// # Where the pages are silent, it is awkward
//
//   - Text filters match substrings and ignore case ([Options.ExactMatch]).
//   - The list lags behind creations ([Options.Lag]); the single case does not.
//   - The list wraps custom fields as {"value": …, "label": …}
//     ([Options.PlainFields]); the answers for a single case hold them plain.
//   - Without order_by and sort the newest case comes first. Times have whole
//     seconds, so many cases share one.
//   - null is a wrong type, not an absent field. A note needs a note_body.
//   - Nobody has a phone, and owners have no names: filters on requester_phone
//     and agent_name find nothing. There are no case types but the four listed.
//   - A requester whose e-mail address ends in .invalid cannot be resolved: the
//     case is refused. The ending is reserved for addresses that cannot exist,
//     so no faults are needed to rehearse a refusal.
//
// # Faults
//
// Faults are asked for in [Options]. The rate limit, latency, the lag and the
// outage concern every request to the API (the outage the token endpoint too),
// [Options.ReadFaults] lists and single cases, all others creates only. What
// happens to a request depends on the seed, the request's content and how often
// it has come before: not on the order in which parallel requests arrive, so
// that a run can be repeated.
//
// # Reading order
//
//	options.go              what can be asked for
//	server.go, start.go     the server, its listener, the outage
//	call.go                 the routes, and a request on its way to an answer
//	body.go, fields.go      a request's body, and what each field may hold
//	json.go                 raw JSON
//	store.go                the cases
//	list.go, answer.go      which cases are listed, and how they are written
//	reply.go                errors, headers, the log
//	faults.go, inject.go    which request meets which fault, and what it does
//	limit.go                429
//	token.go, assertion.go  access tokens
//	stats.go, admin.go      what tests see
//
// # For tests
//
// GET /_sandbox/cases and GET /_sandbox/stats, which the API does not have,
// tell without a token, lag or faults what is stored and what was asked.
package sandbox
