package importer

import "caseimport/importer/journal"

// claimChunks writes rows down before they are sent: as many at a time as have
// come while the last ones were written, up to what fresh holds. The chunk is
// the group commit; it needs no timer.
func (r *run) claimChunks() error {
	var chunk []*job
	var claims []journal.Claim
	for {
		chunk, claims = chunk[:0], claims[:0]
		select {
		case j := <-r.fresh:
			chunk = append(chunk, j)
		case <-r.intake.Done():
			return nil
		}
		for more := true; more && len(chunk) < cap(r.fresh); {
			select {
			case j := <-r.fresh:
				chunk = append(chunk, j)
			default:
				more = false
			}
		}
		for _, j := range chunk {
			claims = append(claims, j.claim)
			j.claimed, j.earlier = true, false
		}
		if err := r.j.Claim(claims); err != nil {
			for _, j := range chunk {
				j.since = r.began // in doubt: nobody knows what the disk holds
				r.drop(j)
			}
			return err
		}
		for i, j := range chunk {
			select {
			case r.claimed <- j:
			case <-r.intake.Done():
				for _, j := range chunk[i:] {
					r.drop(j)
				}
				return nil
			}
		}
	}
}
