// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { ErrorAlert } from '@/components/errors'
import { NotFound } from '@/components/not-found'
import { Page } from '@/components/page'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { AccessForm } from './access-form'
import { NameDetails } from './name-details'
import { Requests } from './requests'
import { isWebsite, screenOf, usePublication, type Tab, type Which } from './which'

/** NameScreen shows a public name or port: what it is, its requests, and who may come. */
export function NameScreen({ which, tab }: { which: Which; tab: string | undefined }) {
  const { t } = useTranslation('publishing')
  const navigate = useNavigate()
  const { publication: p, data, error, refetch } = usePublication(which)
  if (!p) {
    if (data) return <NotFound />
    return error ? <ErrorAlert error={error} onRetry={() => void refetch()} /> : <ScreenSkeleton />
  }
  const tabs: Tab[] = isWebsite(p) ? ['requests', 'access'] : ['access']
  const chosen = tabs.find((key) => key === tab) ?? tabs[0]
  const content = {
    requests: <Requests which={which} />,
    access: <AccessForm which={which} publication={p} />,
  }
  return (
    <Page title={p.name}>
      <NameDetails publication={p} every={which.owner !== undefined} />
      <Tabs
        activeKey={chosen}
        onChange={(key) =>
          void navigate(screenOf(which, key as Tab), { replace: true, preventScrollReset: true })
        }
        destroyOnHidden
        items={tabs.map((key) => ({ key, label: t(`tabs.${key}`), children: content[key] }))}
      />
    </Page>
  )
}
