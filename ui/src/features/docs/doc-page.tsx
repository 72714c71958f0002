// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect } from 'react'
import { useQuery } from '@tanstack/react-query'
import { Anchor, Flex, Grid } from 'antd'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'react-router'

import { ErrorAlert } from '@/components/errors'
import { Page } from '@/components/page'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import type { Language } from '@/i18n'

import { load, type DocumentName, type Heading } from './documents'
import { DocText } from './markdown'

/** DocPage shows one document of the repository, in the language of the interface. */
export function DocPage({ name }: { name: DocumentName }) {
  const { t, i18n } = useTranslation('docs')
  const {
    data: doc,
    error,
    refetch,
  } = useQuery({
    queryKey: ['document', name, i18n.language],
    queryFn: () => load(name, i18n.language as Language),
    staleTime: Infinity,
  })
  const wide = Grid.useBreakpoint().xl
  useFragment(doc !== undefined)
  return (
    <Page title={doc?.title ?? t(`pages.${name}`)}>
      {error && <ErrorAlert error={error} onRetry={() => void refetch()} />}
      {!doc && !error && <ScreenSkeleton rows={12} />}
      {doc && (
        <Flex gap="large" align="flex-start">
          <div style={{ flex: 1, minWidth: 0 }}>
            <DocText doc={doc} />
          </div>
          {wide && <Contents headings={doc.headings} />}
        </Flex>
      )}
    </Page>
  )
}

/** As docs.css has it. */
const jumpOffset = 16

function Contents({ headings }: { headings: Heading[] }) {
  const { t } = useTranslation('docs')
  const item = ({ id, text }: Heading) => ({ key: id, href: `#${id}`, title: text })
  return (
    <nav aria-label={t('contents')} style={{ width: 240, position: 'sticky', top: 24 }}>
      <Anchor
        affix={false}
        targetOffset={jumpOffset}
        items={headings.filter((h) => h.depth === 2).map(item)}
      />
    </nav>
  )
}

/** useFragment goes to the part that the address names, which was not there when it was opened. */
function useFragment(ready: boolean) {
  const { hash, key } = useLocation()
  useEffect(() => {
    if (!ready) return
    const part = hash && document.getElementById(decodeURIComponent(hash.slice(1)))
    if (!part) return
    part.scrollIntoView()
    part.focus({ preventScroll: true })
  }, [ready, hash, key])
}
