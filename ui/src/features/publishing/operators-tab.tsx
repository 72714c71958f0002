// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Flex, Form, Select, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { api } from '@/api/client'
import { Command } from '@/components/command'
import { ErrorAlert } from '@/components/errors'
import { Part } from '@/components/part'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { siteOf, upstreamOf } from './sites'
import { snippets } from './snippets'
import type { Publication } from './which'

const most = 200
const example = { client: 'nas', service: 'web', owner_id: 1, owner: 'alice' }

/** OperatorsTab has pieces for a Caddyfile, of whoever writes that of the gateway. */
export function OperatorsTab() {
  const { t } = useTranslation('publishing')
  const [chosen, choose] = useState<string>()
  const list = api.useQuery('get', '/published', { params: { query: { limit: most } } })
  if (list.error) return <ErrorAlert error={list.error} onRetry={() => void list.refetch()} />
  if (list.isPending) return <ScreenSkeleton />
  const published = list.data.items ?? []
  const offered = published.filter((p) => p.client && isHttp(p))
  const service = offered.find((p) => upstreamOf(p) === chosen) ?? offered[0] ?? example
  const upstream = upstreamOf(service)
  const second = offered.find((p) => p.service === service.service && p.client !== service.client)
  const values = {
    upstream,
    other: upstreamOf(second ?? { ...service, client: 'backup' }),
    site: siteOf(published.filter((p) => p.url?.startsWith('https:'))) ?? 'https://*.apps.example.com',
  }
  return (
    <Flex vertical gap="large" style={{ maxWidth: 860 }}>
      <Typography.Paragraph type="secondary" style={{ margin: 0 }}>
        {t('operators.intro')} <Link to="/docs/publishing">{t('docs')}</Link>
      </Typography.Paragraph>
      {offered.length > 0 && (
        <Form layout="vertical">
          <Form.Item label={t('operators.service')} htmlFor="upstream" style={{ margin: 0 }}>
            <Select
              id="upstream"
              value={upstream}
              onChange={choose}
              options={[...new Set(offered.map(upstreamOf))].map((value) => ({ value }))}
              style={{ maxWidth: 420 }}
            />
          </Form.Item>
        </Form>
      )}
      {(Object.keys(snippets) as (keyof typeof snippets)[]).map((key) => (
        <Part key={key} title={t(`operators.${key}.title`)} intro={t(`operators.${key}.text`)}>
          <Command text={snippets[key](values)} what={t('operators.lines')} />
        </Part>
      ))}
    </Flex>
  )
}

/** isHttp: a reverse_proxy is for these. */
const isHttp = ({ protocol }: Publication) => protocol === 'http' || protocol === 'ws'
