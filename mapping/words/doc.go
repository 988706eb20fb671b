// Package words is what messages and drafts need of words: numbers and plurals
// as people write them, texts cut by characters, and the name that was meant
// by one that is misspelt. It is all in words.go.
package words
