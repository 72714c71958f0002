// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'

import { NotFound } from '@/components/not-found'
import { Page } from '@/components/page'

import { DomainsTab } from './domains-tab'
import { NamesTab } from './names-tab'
import { OperatorsTab } from './operators-tab'
import { PublishLink } from './publish-link'

const tabs = {
  names: <NamesTab />,
  domains: <DomainsTab />,
  operators: <OperatorsTab />,
}

type Tab = keyof typeof tabs

/** Component is the screen of what the account publishes; the address says which tab. */
export function Component() {
  const { t } = useTranslation('publishing')
  const navigate = useNavigate()
  const { tab = 'names' } = useParams()
  if (!Object.hasOwn(tabs, tab)) return <NotFound />
  return (
    <Page title={t('title')} intro={t('intro')} actions={<PublishLink />}>
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(`/publishing/${key}`)}
        destroyOnHidden
        items={(Object.keys(tabs) as Tab[]).map((key) => ({
          key,
          label: t(`tabs.${key}`),
          children: tabs[key],
        }))}
      />
    </Page>
  )
}
