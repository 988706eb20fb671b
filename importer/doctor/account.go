package doctor

import (
	"fmt"
	"slices"
	"strings"

	"caseimport/importer/talkdesk"
	"caseimport/mapping/fields"
	"caseimport/mapping/words"
)

func definitions(f *facts) Check {
	c := Check{Name: "definitions", State: OK}
	switch {
	case f.fields.Denied:
		c.State, c.Message = Attend, f.fields.Message+": keys and options cannot be checked before the import"
		c.Hint = "have an administrator grant the client " + talkdesk.ScopeFields
	case !f.fields.Answered() && f.fields.Message == "":
		return cannotTell(c.Name, notAsked)
	case !answered(f.fields):
		return cannotTell(c.Name, "the case fields could not be read: "+f.fields.Message)
	default:
		active, options := 0, 0
		for _, field := range f.all {
			if field.Active {
				active++
			}
			if len(field.Options) > 0 {
				options++
			}
		}
		c.Message = fmt.Sprintf("%s, %d active, %d with options", words.Plural(len(f.all), "case field"), active, options)
		if required := required(f.all); len(required) > 0 {
			c.Message += "; agents must fill before they resolve: " + list3(required)
		}
	}
	return c
}

func required(all []fields.Field) []fields.Field {
	return slices.DeleteFunc(slices.Clone(all), func(f fields.Field) bool { return !f.Required || !f.Active })
}

// list3 names the first three.
func list3(all []fields.Field) string {
	var names []string
	for _, f := range all[:min(3, len(all))] {
		names = append(names, f.String())
	}
	if more := len(all) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

func mapping(f *facts) Check {
	c := Check{Name: "mapping", State: OK}
	switch {
	case f.Mapping == nil:
		return cannotTell(c.Name, "no mapping file was given (-m)")
	case f.Mapping.Account != "" && !strings.EqualFold(f.Mapping.Account, f.Account) && f.Account != "sandbox":
		c.State = Failed
		c.Message = fmt.Sprintf("%s is made for the fields of account %s, but this is %s", f.Mapping.Name, f.Mapping.Account, f.Account)
		c.Hint = "write the fields of this account (caseimport fields -o FILE), or name the other account"
		return c
	case !answered(f.fields) && f.Mapping.Fault == nil:
		return cannotTell(c.Name, "the account's fields are not known, so it could not be held against them")
	}
	err, fault := f.Mapping.Fault, f.Mapping.Fault
	if answered(f.fields) {
		err = f.Mapping.Against(fields.File{Account: f.Account, Fields: f.all})
	}
	switch {
	case err != nil:
		c.State, c.Message = Failed, err.Error()
		c.Hint = "correct the mapping file " + f.Mapping.Name + "; the account's fields: caseimport fields"
		return c
	case fault != nil: // the account's fields are no longer those that it names
		c.State, c.Message = Failed, f.Mapping.Name+" fits the account, but not the file of fields that it names: "+fault.Error()
		c.Hint = "write that file again: caseimport fields -o FILE"
		return c
	}
	c.Message = fmt.Sprintf("%s fits the account: %s", f.Mapping.Name, words.Plural(len(f.Mapping.Fields), "custom field"))
	unfilled := slices.DeleteFunc(required(f.all), func(field fields.Field) bool {
		return slices.ContainsFunc(f.Mapping.Fields, func(key string) bool { return fields.SameKey(key, field.Key) })
	})
	if len(unfilled) > 0 {
		c.Message += "; it does not fill what agents must fill before they resolve: " + list3(unfilled)
	}
	return c
}
