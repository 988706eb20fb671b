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
// a second time or follow a redirect, and no secret may reach a message.
package talkdesk
