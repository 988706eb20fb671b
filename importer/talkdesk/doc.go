// Package talkdesk speaks with the Talkdesk Case API: one call makes one HTTP
// attempt and says what came of it as an Answer.
//
// The API knows no idempotency key, so a create request that is sent twice
// makes two cases. Everything here serves one question: may this request be
// sent again? What surely never reached the application is NotTaken; where a
// connection was got and no usable answer came, the verdict is Unknown, and
// only a look-up can tell.
//
// The package must never retry, sleep, wait for a rate limit or know the
// journal: those belong to its caller. It must never let net/http send a POST
// a second time or follow a redirect, and no secret may reach a message. HTTP
// statuses and scopes are known here only: callers act on verdicts.
//
// Read it in this order: answer.go (what an attempt can mean), judge.go (how
// that is decided), client.go (one request to create a case), update.go (one
// to change it), trash.go (one to move it to the Trash); list.go (one request to
// read), page.go and case.go (what a read shows), search.go (a look-up, made of
// reads); fields.go and users.go (the account's case fields and agents); sight.go
// and shape.go (what else there is to see, for people); text.go (the door for texts
// from outside), pause.go (what a 429 asks for, and what limits headers tell);
// tokens.go, login.go, credentials.go and config.go (who we are, and where), trust.go
// (whom we trust, and why a connection cannot be).
package talkdesk
