// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'

import { Page } from '@/components/page'

import { AddLink } from './add-link'
import { ClientsTab } from './clients-tab'
import { GrantsTab } from './grants-tab'
import { Overview } from './overview'
import { ServicesTab } from './services-tab'
import { SessionsTab } from './sessions-tab'

const tabs = {
  clients: <ClientsTab />,
  services: <ServicesTab />,
  sessions: <SessionsTab />,
  grants: <GrantsTab />,
}

type Tab = keyof typeof tabs

/** Component is the screen of everything about tunnels; the address says which tab. */
export function Component() {
  const { t } = useTranslation('tunnels')
  const navigate = useNavigate()
  const { tab = 'clients' } = useParams()
  return (
    <Page title={t('title')} intro={t('intro')} actions={<AddLink />}>
      <Overview />
      <Tabs
        activeKey={tab in tabs ? tab : 'clients'}
        onChange={(key) => void navigate(`/tunnels/${key}`)}
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
