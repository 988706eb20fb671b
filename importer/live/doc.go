// Package live finds out which rows of an export have a case already: what check
// --live says before an import begins. It reads only.
//
// What it finds is a forecast. It binds nobody: a run looks again where it has to.
//
// live.go has the rows, owners.go the agents whom they name.
package live
