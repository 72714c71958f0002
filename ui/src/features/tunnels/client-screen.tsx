// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { asApiError } from '@/api/error'
import { ErrorAlert } from '@/components/errors'
import { Component as NotFound } from '@/components/not-found'
import { Page } from '@/components/page'
import { Part } from '@/components/part'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { ClientActions } from './client-actions'
import { ClientDetails } from './client-details'
import { ClientKey } from './client-key'
import { ClientServices } from './client-services'
import { ClientSessions } from './client-sessions'
import { ClientStreams } from './client-streams'
import { ConfigFile } from './config-file'
import { useClient, type Which } from './which'

/** ClientScreen shows a client. `home` is the list that it stands in. */
export function ClientScreen({ which, home }: { which: Which; home: string }) {
  const { t } = useTranslation('tunnels')
  const [leaving, setLeaving] = useState(false)
  const { data: client, error, refetch } = useClient(which, leaving)
  if (asApiError(error).code === 'not_found') return <NotFound />
  if (!client) {
    return error ? <ErrorAlert error={error} onRetry={() => void refetch()} /> : <ScreenSkeleton />
  }
  return (
    <Page
      title={client.name}
      actions={<ClientActions which={which} client={client} home={home} onLeaving={setLeaving} />}
    >
      <ClientDetails client={client} every={which.owner !== undefined} />
      <Part title={t('client.services')}>
        <ClientServices client={client} every={which.owner !== undefined} />
      </Part>
      <Part title={t('client.sessions')}>
        <ClientSessions client={client} every={which.owner !== undefined} />
      </Part>
      <Part title={t('client.streams')} intro={t('client.streams_text')}>
        <ClientStreams which={which} leaving={leaving} />
      </Part>
      <ClientKey which={which} client={client} />
      {which.owner === undefined && (
        <Part title={t('client.config')} intro={t('client.config_text')}>
          <ConfigFile client={client} />
        </Part>
      )}
    </Page>
  )
}
