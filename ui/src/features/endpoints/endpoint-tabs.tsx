// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { lazy, Suspense, type ReactNode } from 'react'
import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'

import { ScreenSkeleton } from '@/components/screen-skeleton'

import { Connections } from './connections'
import { Log } from './log'
import { Overview } from './overview'
import { pageOf, type PartProps } from './scope'

const Console = lazy(() => import('@/features/console/console').then((m) => ({ default: m.Console })))
const CodeExamples = lazy(() =>
  import('@/features/code/code-examples').then((m) => ({ default: m.CodeExamples })),
)
const Charts = lazy(() => import('./charts').then((m) => ({ default: m.Charts })))
const Settings = lazy(() => import('./settings').then((m) => ({ default: m.Settings })))

const tabs = ['overview', 'console', 'connections', 'log', 'charts', 'code', 'settings'] as const
type Tab = (typeof tabs)[number]

/** What a console has open, and what was typed into a form, shall be there after a look at another tab. */
const kept: readonly Tab[] = ['console', 'settings']

/** EndpointTabs are the parts of an endpoint's page; the address says which one is shown. */
export function EndpointTabs(part: PartProps) {
  const { t } = useTranslation('endpoints')
  const navigate = useNavigate()
  const { tab } = useParams()
  const active = tabs.find((known) => known === tab) ?? 'overview'
  const content: Record<Tab, ReactNode> = {
    overview: <Overview {...part} />,
    console: <Console {...part} />,
    connections: <Connections {...part} />,
    log: <Log {...part} />,
    charts: <Charts {...part} />,
    code: <CodeExamples endpoint={part.endpoint} />,
    settings: <Settings {...part} />,
  }
  const choose = (key: string) =>
    void navigate(pageOf(part.scope, part.endpoint.id, key === 'overview' ? undefined : key), {
      preventScrollReset: true,
    })
  return (
    <Tabs
      activeKey={active}
      onChange={choose}
      items={tabs.map((key) => ({
        key,
        label: t(`tabs.${key}`),
        destroyOnHidden: !kept.includes(key),
        children: <Suspense fallback={<ScreenSkeleton />}>{content[key]}</Suspense>,
      }))}
    />
  )
}
