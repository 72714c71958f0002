// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo, type ReactNode } from 'react'
import { Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import Markdown, { type Components, type ExtraProps } from 'react-markdown'
import remarkGfm from 'remark-gfm'

import { CopyButton } from '@/components/copy-button'

import type { Doc, Heading } from './documents'
import { DocLink } from './link'
import { ScrollArea } from './scroll-area'

import './docs.css'

const plugins = [remarkGfm]

/** DocText shows a document without its title. */
export function DocText({ doc }: { doc: Doc }) {
  const components = useMemo(() => componentsFor(doc.headings), [doc])
  return (
    <Typography className="doc">
      <Markdown remarkPlugins={plugins} components={components}>
        {doc.body}
      </Markdown>
    </Typography>
  )
}

type Node = ExtraProps['node']

function componentsFor(headings: Heading[]): Components {
  const heading = (Tag: 'h2' | 'h3') =>
    function DocHeading({ node, children }: { node?: Node; children?: ReactNode }) {
      const id = headings.find((h) => h.line === node?.position?.start.line)?.id
      return (
        // Whoever follows a link to it has the focus here, too.
        <Tag id={id} tabIndex={-1}>
          {children}
        </Tag>
      )
    }
  return {
    h2: heading('h2'),
    h3: heading('h3'),
    a: ({ href, children }) => <DocLink href={href}>{children}</DocLink>,
    pre: CodeBlock,
    table: Table,
  }
}

function CodeBlock({ node, children }: { node?: Node; children?: ReactNode }) {
  const { t } = useTranslation('docs')
  return (
    <div className="doc-code">
      <ScrollArea label={t('code')}>
        <pre>{children}</pre>
      </ScrollArea>
      <CopyButton text={textOf(node)} what={t('code')} size="small" />
    </div>
  )
}

function Table({ children }: { children?: ReactNode }) {
  const { t } = useTranslation('docs')
  return (
    <ScrollArea label={t('table')}>
      <table>{children}</table>
    </ScrollArea>
  )
}

const textOf = (node: Node): string =>
  node?.children.map((c) => (c.type === 'text' ? c.value : c.type === 'element' ? textOf(c) : '')).join('') ??
  ''
