// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { Command } from '@/components/command'
import { ErrorAlert } from '@/components/errors'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { configFile } from './config'

/** ConfigFile is a client's configuration, as it could be from what it offers. */
export function ConfigFile({ client }: { client: Schema<'Client'> }) {
  const { t } = useTranslation('tunnels')
  const site = api.useQuery('get', '/site')
  if (site.error) return <ErrorAlert error={site.error} onRetry={() => void site.refetch()} />
  if (site.isPending) return <ScreenSkeleton rows={4} />
  const text = configFile({
    server: site.data.websocket_url,
    name: client.name,
    services: client.services ?? [],
    tokenFile: 'token',
  })
  return <Command text={text} what={t('client.config')} />
}
