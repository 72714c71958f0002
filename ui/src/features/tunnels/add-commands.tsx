// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Button, Collapse, Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { Command } from '@/components/command'
import { ErrorAlert } from '@/components/errors'
import { Part } from '@/components/part'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import type { NewClient } from './add-name'
import { AddSignIn } from './add-sign-in'
import { AddWait } from './add-wait'
import { commandsFor, type SignIn } from './commands'
import { configFile } from './config'
import { systems, type System } from './systems'

/** AddCommands has what to do on the machine, line by line, and waits until the client is online. */
export function AddCommands({
  system,
  client,
  onBack,
  onOnline,
}: {
  system: System
  client: NewClient
  onBack: () => void
  onOnline: () => void
}) {
  const { t } = useTranslation('tunnels')
  const [signIn, setSignIn] = useState<SignIn>('login')
  const site = api.useQuery('get', '/site')
  if (site.error) return <ErrorAlert error={site.error} onRetry={() => void site.refetch()} />
  if (site.isPending) return <ScreenSkeleton />
  const { os, file } = systems[system]
  const config = configFile({
    server: site.data.websocket_url,
    name: client.name,
    services: client.service ? [client.service] : [],
    tokenFile: signIn === 'token' ? 'token' : undefined,
  })
  const commands = commandsFor({ system, site: site.data.url, name: client.name, config, signIn })
  const shell = t(os === 'windows' ? 'add.powershell' : 'add.terminal')
  const what = t('command')
  return (
    <>
      <Part title={t('add.get')} intro={t('add.get_text', { file })}>
        <Command text={commands.build} what={what} />
        <Typography.Text>{t('add.install_text', { shell })}</Typography.Text>
        <Command text={commands.install} what={what} />
      </Part>
      <Part title={t('add.sign_in')}>
        <AddSignIn os={os} name={client.name} commands={commands} signIn={signIn} onChange={setSignIn} />
      </Part>
      <Part title={t('add.config')} intro={t('add.config_text', { file: `${client.name}.json` })}>
        <Command text={commands.config} what={what} />
      </Part>
      <Part title={t('add.start')} intro={t('add.start_text')}>
        <Command text={commands.start} what={what} />
        {commands.service && (
          <Collapse
            items={[
              {
                key: 'service',
                label: t('add.as_service'),
                children: <Command text={commands.service} what={what} />,
              },
            ]}
          />
        )}
        {os === 'linux' && !commands.service && (
          <Typography.Text type="secondary">{t('add.service_needs_token')}</Typography.Text>
        )}
      </Part>
      <AddWait client={client} onOnline={onOnline} />
      <Flex>
        <Button onClick={onBack}>{t('add.back')}</Button>
      </Flex>
    </>
  )
}
