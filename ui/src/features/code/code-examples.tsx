// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Alert, Flex, Grid, Select, Tabs, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import type { Schema } from '@/api/client'

import { CodeBlock } from './code-block'
import { examples, template } from './examples'
import { render } from './render'

const param = 'example'

/** CodeExamples shows programs for this very endpoint, which work as they are. */
export function CodeExamples({ endpoint }: { endpoint: Schema<'Endpoint'> }) {
  const { t } = useTranslation('code')
  const [search, setSearch] = useSearchParams()
  const wide = Grid.useBreakpoint().md ?? true
  const chosen = examples.find((e) => e.key === search.get(param)) ?? examples[0]
  const choose = (key: string) =>
    setSearch(
      (s) => {
        s.set(param, key)
        return s
      },
      { replace: true },
    )
  const block = (e: (typeof examples)[number]) => (
    <CodeBlock example={e} note={t(`notes.${e.key}`)} text={render(template(e), endpoint)} />
  )
  // A row of them is too wide for any screen, and tabs that are hidden behind a button are hard to find.
  const tabs = examples.map((e) => ({ key: e.key, label: e.name, children: block(e) }))
  const options = examples.map((e) => ({ value: e.key, label: e.name }))
  return (
    <Flex vertical gap="middle">
      <Typography.Paragraph style={{ margin: 0 }}>{t('intro')}</Typography.Paragraph>
      <Alert
        type="info"
        showIcon
        title={endpoint.private ? t('private.title') : t('public.title')}
        description={endpoint.private ? t('private.text') : t('public.text')}
      />
      {wide ? (
        <Tabs tabPlacement="start" activeKey={chosen.key} onChange={choose} items={tabs} />
      ) : (
        <>
          <Select aria-label={t('language')} value={chosen.key} onChange={choose} options={options} />
          {block(chosen)}
        </>
      )}
    </Flex>
  )
}
