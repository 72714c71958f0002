// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Menu } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { Component as NotFound } from '@/components/not-found'

import { ApiPage } from './api-page'
import { DocPage } from './doc-page'
import { documents } from './documents'

/** Component is the documentation: the repository's own, and where that of the API is. */
export function Component() {
  const { page = documents[0] } = useParams()
  const name = documents.find((d) => d === page)
  if (!name && page !== 'api') return <NotFound />
  return (
    <>
      <DocsMenu selected={page} />
      {name ? <DocPage name={name} key={name} /> : <ApiPage />}
    </>
  )
}

function DocsMenu({ selected }: { selected: string }) {
  const { t } = useTranslation('docs')
  const items = [...documents, 'api' as const].map((key) => ({
    key,
    label: <Link to={`/docs/${key}`}>{t(`pages.${key}`)}</Link>,
  }))
  return (
    <nav aria-label={t('menu')}>
      <Menu
        mode="horizontal"
        items={items}
        selectedKeys={[selected]}
        style={{ marginBlockEnd: 24, background: 'none' }}
      />
    </nav>
  )
}
