// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { api } from '@/api/client'
import { useMe } from '@/app/session'
import { Command } from '@/components/command'
import { Part } from '@/components/part'

import { hostOf, labelOf, publishCommand, publishConfig, type Wish } from './commands'
import { hostIn } from './hosts'
import { siteOf } from './sites'

/** AddResult has what publishes as wished, and where it will be. */
export function AddResult({ wish }: { wish: Wish }) {
  const { t } = useTranslation('publishing')
  return (
    <Flex vertical gap="large" style={{ maxWidth: 720 }}>
      <Part title={t('add.now')} intro={t('add.now_text')}>
        <Command text={publishCommand(wish)} what={t('command')} />
      </Part>
      <Part title={t('add.stay')} intro={t('add.stay_text')}>
        <Command text={publishConfig(wish)} what={t('add.lines')} />
      </Part>
      <Part title={t('add.address')}>
        {wish.kind === 'http' ? <NameHint wish={wish} /> : <PortHint wish={wish} />}
      </Part>
    </Flex>
  )
}

/** NameHint says what the name will be, and the URL if another name has shown what they look like here. */
function NameHint({ wish }: { wish: Wish }) {
  const { t } = useTranslation('publishing')
  const account = useMe()?.user.name ?? ''
  const list = api.useQuery('get', '/published', {})
  const host = hostOf(wish)
  const name = labelOf(host, account)
  if (host.includes('.')) {
    return (
      <Typography.Text>
        {t('add.own_domain', { name })} <Link to="/publishing/domains">{t('tabs.domains')}</Link>
      </Typography.Text>
    )
  }
  const url = siteOf(list.data?.items ?? [])?.replace('*', name)
  return (
    <>
      <Typography.Text className="mono" style={{ overflowWrap: 'anywhere' }}>
        {url ?? name}
      </Typography.Text>
      {!url && <Typography.Text type="secondary">{t('add.below')}</Typography.Text>}
    </>
  )
}

function PortHint({ wish: { kind, publicPort } }: { wish: Wish }) {
  const { t } = useTranslation('publishing')
  const site = api.useQuery('get', '/site').data
  const host = hostIn(site?.url ?? '') || location.hostname
  if (!publicPort) return <Typography.Text>{t('add.any_port')}</Typography.Text>
  return (
    <>
      <Typography.Text className="mono">{`${kind}://${host}:${publicPort}`}</Typography.Text>
      <Typography.Text type="secondary">{t('add.one_port')}</Typography.Text>
    </>
  )
}
