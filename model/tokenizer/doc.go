// Package tokenizer turns text into the token ids a model works on, and back.
//
// The models that come with this program have one symbol for each id, named by
// the table in their config.json (model.Card); [Symbols] reads those. A
// checkpoint that brings no table is still usable through [Numbers]: its ids
// are written as numbers. [For] picks between the two.
//
// Everything a model file says is untrusted text. [Visible] makes any text safe
// to print on a terminal; [Printable] is the rule it follows.
package tokenizer
