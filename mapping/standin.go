package mapping

// What a draft and the fixes of check put where a mandatory field has nothing to
// say. A case that carries one is worth a person's eye: check counts them.
const (
	NoSubject     = "(no subject)"
	NoDescription = "(no description)"
	NoRequester   = "Unknown requester"
)
