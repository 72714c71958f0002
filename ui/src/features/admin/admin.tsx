// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { lazy, Suspense, type ReactNode } from 'react'
import { useParams } from 'react-router'

import { adminTabs } from '@/app/navigation'
import { useMe } from '@/app/session'
import { Component as NotFound } from '@/components/not-found'
import { ScreenSkeleton } from '@/components/screen-skeleton'

type Tab = (typeof adminTabs)[number]

const Load = lazy(() => import('./load/load').then((m) => ({ default: m.LoadScreen })))
const Invites = lazy(() => import('./invites/invites').then((m) => ({ default: m.InvitesScreen })))
const Users = lazy(() => import('./users/users').then((m) => ({ default: m.UsersScreen })))
const Endpoints = lazy(() => import('./endpoints/endpoints').then((m) => ({ default: m.EndpointsScreen })))
const Clients = lazy(() => import('./clients/clients').then((m) => ({ default: m.ClientsScreen })))
const Publishing = lazy(() =>
  import('./publishing/publishing').then((m) => ({ default: m.PublishingScreen })),
)
const Settings = lazy(() => import('./settings/settings').then((m) => ({ default: m.SettingsScreen })))
const Blocks = lazy(() => import('./blocks/blocks').then((m) => ({ default: m.BlocksScreen })))
const Audit = lazy(() => import('./audit/audit').then((m) => ({ default: m.AuditScreen })))

const screens: Record<Tab, ReactNode> = {
  load: <Load />,
  invites: <Invites />,
  users: <Users />,
  endpoints: <Endpoints />,
  clients: <Clients />,
  publishing: <Publishing />,
  settings: <Settings />,
  blocks: <Blocks />,
  audit: <Audit />,
}

const isTab = (tab: string): tab is Tab => Object.hasOwn(screens, tab)

/** Component is administration. Who is no administrator is told that there is nothing, as by the API. */
export function Component() {
  const me = useMe()
  const { tab = adminTabs[0] } = useParams()
  if (!me) return <ScreenSkeleton />
  if (!me.user.admin || !isTab(tab)) return <NotFound />
  return <Suspense fallback={<ScreenSkeleton />}>{screens[tab]}</Suspense>
}
