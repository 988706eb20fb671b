package importer

import "caseimport/importer/journal"

// claimChunks writes rows down before they are sent: as many at a time as have
// come while the last ones were written. The chunk is the group commit.
func (r *run) claimChunks() error {
	chunk := make([]*job, 0, r.cfg.Concurrency)
	claims := make([]journal.Claim, 0, r.cfg.Concurrency)
	for {
		chunk, claims = chunk[:0], claims[:0]
		select {
		case j := <-r.fresh:
			chunk = append(chunk, j)
		case <-r.intake.Done():
			return nil
		}
		for more := true; more && len(chunk) < r.cfg.Concurrency; {
			select {
			case j := <-r.fresh:
				chunk = append(chunk, j)
			default:
				more = false
			}
		}
		for _, j := range chunk {
			claims = append(claims, j.claim)
		}
		err := r.j.Claim(claims)
		for i, j := range chunk {
			if err != nil {
				j.since = r.began // in doubt: nobody knows what the disk holds
				r.drop(j)
				continue
			}
			j.claimed, j.earlier = true, false
			select {
			case r.claimed <- j:
			case <-r.intake.Done():
				for _, j := range chunk[i:] {
					j.claimed, j.earlier = true, false
					r.drop(j)
				}
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
}
