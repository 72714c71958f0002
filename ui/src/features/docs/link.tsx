// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react'
import { Link } from 'react-router'

import { documents } from './documents'

const repository = 'https://github.com/culvertd/culvert/blob/main/'

/**
 * resolve returns where a link of a document leads: to a route of this
 * interface if that shows the file, else to the repository.
 */
export function resolve(href: string): { to: string } | { href: string } {
  if (/^[a-z]+:/.test(href)) return { href }
  if (href.startsWith('#')) return { to: href }
  const { pathname, hash } = new URL(href, 'file:///docs/')
  const name = /^\/docs\/([\w-]+?)(\.zh-CN)?\.md$/.exec(pathname)?.[1]
  if (documents.some((d) => d === name)) return { to: `/docs/${name}${hash}` }
  return { href: repository + pathname.slice(1) + hash }
}

/** DocLink is a link in a document. What leaves the interface opens beside it. */
export function DocLink({ href = '', children }: { href?: string; children?: ReactNode }) {
  const target = resolve(href)
  if ('to' in target) return <Link to={target.to}>{children}</Link>
  return (
    <a href={target.href} target="_blank" rel="noreferrer">
      {children}
    </a>
  )
}
