// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import "github.com/culvertd/culvert/internal/store"

// Paged are the parameters of every list.
type Paged struct {
	After string `query:"after" maxLength:"512" doc:"The next of the page before; without it the list begins."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (p Paged) page() store.Page { return store.Page{After: p.After, Limit: p.Limit} }

// Searched are those of lists that can be searched.
type Searched struct {
	Paged
	Search string `query:"search" maxLength:"100" doc:"What names and ids shall contain."`
}

// List is a page of a list.
type List[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"What to send as after for the next page. Without it this is the last one."`
}

type listOut[T any] struct {
	Body List[T]
}

// listed makes an answer of a page.
func listed[T any](items []T, next string, err error) (*listOut[T], error) {
	if err != nil {
		return nil, err
	}
	if items == nil {
		items = []T{} // not null
	}
	return &listOut[T]{Body: List[T]{Items: items, Next: next}}, nil
}

// shown is listed for items that are not what the API shows.
func shown[S, T any](items []S, show func(S) T, next string, err error) (*listOut[T], error) {
	list := make([]T, len(items))
	for i, v := range items {
		list[i] = show(v)
	}
	return listed(list, next, err)
}

// out is an answer with nothing but a body.
type out[T any] struct {
	Body T
}

func answered[T any](v T, err error) (*out[T], error) {
	if err != nil {
		return nil, err
	}
	return &out[T]{v}, nil
}

// none is a request or an answer without anything.
type none struct{}

func done(err error) (*none, error) {
	if err != nil {
		return nil, err
	}
	return nil, nil //nolint:nilnil // huma's word for an answer without a body
}
