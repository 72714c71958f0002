// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { createContext, useContext, useEffect, useMemo, useSyncExternalStore, type ReactNode } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { App } from 'antd'
import i18next from 'i18next'

import { invalidate } from '@/api/query'
import type { Schema } from '@/api/client'

import { LiveStore } from './store'
import type { Scope } from './stream'

type Change = Schema<'Change'>

/** affected is what to fetch anew when something has changed. */
const affected: Record<Exclude<Change['kind'], 'missed'>, Parameters<typeof invalidate>[1][]> = {
  endpoint_created: ['/endpoints', '/admin/endpoints', '/usage'],
  endpoint_changed: ['/endpoints', '/admin/endpoints'],
  endpoint_deleted: ['/endpoints', '/admin/endpoints', '/usage'],
  client_online: ['/clients', '/services', '/published', '/admin/clients', '/admin/published', '/usage'],
  client_offline: [
    '/clients',
    '/services',
    '/sessions',
    '/published',
    '/admin/clients',
    '/admin/sessions',
    '/admin/published',
  ],
  session_begun: ['/sessions', '/clients', '/admin/sessions', '/admin/clients'],
  session_ended: ['/sessions', '/session-log', '/clients', '/admin/sessions', '/admin/session-log'],
  grants_changed: ['/grants', '/services'],
  user_changed: ['/auth/me', '/admin/users', '/usage'],
  quota_warning: ['/auth/me', '/usage'],
  quota_exceeded: ['/auth/me', '/usage'],
}

const Stores = createContext<Record<Scope, LiveStore> | null>(null)

/**
 * LiveProvider has the live numbers, and has fetched what changes. It stands
 * around everything that is for people who are logged in; `user` begins it anew
 * for another one.
 */
export function LiveProvider({ user, children }: { user: number; children: ReactNode }) {
  const client = useQueryClient()
  const { notification } = App.useApp()
  const stores = useMemo(() => {
    void user
    const onChange = (c: Change | 'missed' | 'refused') => {
      if (c === 'refused') return void invalidate(client, '/auth/me')
      if (c === 'missed' || c.kind === 'missed') return void client.invalidateQueries()
      void invalidate(client, ...affected[c.kind])
      // Not the t of useTranslation: with another language it, and so the stores, would be others.
      const { t } = i18next
      if (c.kind === 'quota_warning') notification.warning({ title: t('quota.warning'), key: 'quota' })
      if (c.kind === 'quota_exceeded') notification.error({ title: t('quota.exceeded'), key: 'quota' })
    }
    return { own: new LiveStore('own', onChange), every: new LiveStore('every', onChange) }
  }, [user, client, notification])
  // The own stream also tells what changed, so it is followed on all screens.
  useEffect(() => stores.own.subscribe(() => undefined), [stores])
  return <Stores value={stores}>{children}</Stores>
}

function useStore(scope: Scope): LiveStore {
  const stores = useContext(Stores)
  if (!stores) throw new Error('useLive outside of LiveProvider')
  return stores[scope]
}

/** useLive returns the numbers of this second, null until some came. */
export function useLive(scope: Scope = 'own') {
  const s = useStore(scope)
  return useSyncExternalStore(s.subscribe, () => s.now)
}

/** useConnected tells whether live numbers come. */
export function useConnected(scope: Scope = 'own') {
  const s = useStore(scope)
  return useSyncExternalStore(s.subscribe, () => s.connected)
}

/** useLiveSeries returns the seconds of the last five minutes, oldest first. */
export function useLiveSeries(scope: Scope = 'own') {
  const s = useStore(scope)
  return useSyncExternalStore(s.subscribe, () => s.series)
}

/** useLiveEndpoint returns the numbers of one endpoint; undefined if it is silent or unknown. */
export function useLiveEndpoint(id: string, scope: Scope = 'own') {
  const s = useStore(scope)
  return useSyncExternalStore(s.subscribe, () => s.endpoint(id))
}

const nothing: never[] = []

/** useLiveEndpointSeries is useLiveSeries of one endpoint. */
export function useLiveEndpointSeries(id: string, scope: Scope = 'own') {
  const s = useStore(scope)
  return useSyncExternalStore(s.subscribe, () => {
    const series = s.endpointSeries(id)
    return series.length ? series : nothing
  })
}
