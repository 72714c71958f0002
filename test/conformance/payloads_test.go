// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// corpus is a body of text or bytes that a case cuts its messages from,
// starting where the last one ended and going round at the end. Autobahn has
// files for that; ours are made up, of the same kinds and sizes.
type corpus struct {
	name   string
	text   []rune // a text message's size is in characters, as Autobahn counts
	binary []byte
}

// cut is the message of size n at position at.
func (c *corpus) cut(at, n int) []byte {
	if c.text == nil {
		return cycle(c.binary, at, n)
	}
	return []byte(string(cycle(c.text, at, n)))
}

func cycle[T any](all []T, at, n int) []T {
	out := make([]T, 0, n)
	for len(out) < n {
		at %= len(all)
		m := min(n-len(out), len(all)-at)
		out, at = append(out, all[at:at+m]...), at+m
	}
	return out
}

var words = strings.Fields(`Habe nun ach Philosophie Juristerei und Medizin durchaus studiert mit
heißem Bemühn da steh ich nun ich armer Tor und bin so klug als wie zuvor`)

// corpora are those of 12.1 to 12.5.
func corpora() []*corpus {
	r := rand.New(rand.NewPCG(12, 13)) // the same every time
	var json, html, prose strings.Builder
	json.WriteString("[")
	for i := range 1200 {
		fmt.Fprintf(&json, `{"id":%d,"name":"%s %s","price":%.2f,"tags":["%s","ünï"],"ok":%v},`,
			i, pick(r), pick(r), r.Float64()*1000, pick(r), r.IntN(2) == 0)
	}
	for i := range 1500 {
		fmt.Fprintf(&html, "<tr class=\"row%d\"><td><a href=\"/item/%d\">%s</a></td><td>%s&nbsp;€</td></tr>\n", i%2, r.IntN(1e6), pick(r), pick(r))
	}
	for prose.Len() < 200_000 {
		prose.WriteString(pick(r) + " ")
	}
	picture, noise := make([]byte, 512*512), make([]byte, 300_000)
	for i := range picture {
		x, y := i%512, i/512
		picture[i] = byte((x*y)>>9) + byte(r.IntN(6))
	}
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	return []*corpus{
		{name: "JSON", text: []rune(json.String() + "{}]")},
		{name: "picture", binary: picture},
		{name: "prose", binary: []byte(prose.String())},
		{name: "HTML", text: []rune(html.String())},
		{name: "noise", binary: noise}, // a PDF is deflated inside already
	}
}

func pick(r *rand.Rand) string { return words[r.IntN(len(words))] }
