// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { Command } from '@/components/command'

import { hostIn } from './hosts'

/** DomainNext says how a website gets a domain that is one's own now. */
export function DomainNext({ name }: { name: string }) {
  const { t } = useTranslation('publishing')
  const site = api.useQuery('get', '/site').data
  const gateway = hostIn(site?.url ?? '') || location.hostname
  return (
    <Flex vertical gap="small">
      <Typography.Text>{t('domains.lead', { name, gateway })}</Typography.Text>
      <Typography.Text>{t('domains.next_command')}</Typography.Text>
      <Command text={`tunnelclient http 8080 --name ${name}`} what={t('command')} />
      <Typography.Text>{t('domains.next_config')}</Typography.Text>
      <Command text={`publish: {host: ${name}}`} what={t('add.lines')} />
    </Flex>
  )
}
