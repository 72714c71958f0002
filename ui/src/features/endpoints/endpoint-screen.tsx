// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex } from 'antd'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'

import { api } from '@/api/client'
import { asApiError } from '@/api/error'
import { ErrorAlert } from '@/components/errors'
import { Component as NotFound } from '@/components/not-found'
import { Page } from '@/components/page'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import type { Scope } from '@/live/stream'

import { EndpointTabs } from './endpoint-tabs'
import { useHidden } from './hidden'
import { LiveStatus } from './live-status'
import { NameTitle } from './name-title'
import { at, byId } from './scope'
import { TestMessage } from './test-message'
import { UrlBox } from './url-box'

/** How often the totals are fetched, which the stream does not have. */
const each = 15_000

/** EndpointScreen is the page of an endpoint: its URL, what happens on it now, and all that can be done with it. */
export function EndpointScreen({ scope }: { scope: Scope }) {
  const { t } = useTranslation('endpoints')
  const { id = '' } = useParams()
  const gone = useHidden().has(id)
  const path = at(scope, '/endpoints/{id}')
  const query = api.useQuery('get', path, byId(id), { refetchInterval: each, enabled: !gone })
  const { data: endpoint, error } = query
  if (error ? asApiError(error).code === 'not_found' : gone && !endpoint) return <NotFound />
  if (!endpoint) {
    return error ? <ErrorAlert error={error} onRetry={() => void query.refetch()} /> : <ScreenSkeleton />
  }
  const part = { endpoint, scope }
  return (
    <Page
      key={id}
      title={endpoint.name || t('unnamed')}
      heading={<NameTitle {...part} />}
      intro={scope === 'every' && t('owner', { name: endpoint.owner })}
    >
      <Flex vertical gap="middle">
        <UrlBox {...part} />
        <LiveStatus {...part} />
        <TestMessage {...part} />
      </Flex>
      <EndpointTabs {...part} />
    </Page>
  )
}
