// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Suspense, useState } from 'react'
import { MenuOutlined } from '@ant-design/icons'
import { Button, Drawer, Flex, Grid, Layout, theme } from 'antd'
import { useTranslation } from 'react-i18next'
import { Navigate, Outlet, ScrollRestoration, useLocation } from 'react-router'

import { ErrorAlert } from '@/components/errors'
import { Logo } from '@/components/logo'
import { ScreenSkeleton } from '@/components/screen-skeleton'
import { LiveProvider } from '@/live/context'

import { Arrival } from './arrival'
import { Navigation } from './navigation'
import { LanguageMenu, ThemeMenu } from './preferences'
import { useSession } from './session'
import { UserMenu } from './user-menu'

/** SignedIn is what stands around all screens but the first ones; who is not logged in is asked to. */
export function SignedIn() {
  const { data: me, error, refetch } = useSession()
  const { pathname, search, hash } = useLocation()
  if (me === undefined)
    return error ? <ErrorAlert error={error} onRetry={() => void refetch()} /> : <ScreenSkeleton />
  if (me === null) {
    const next = pathname + search + hash
    return <Navigate to={next === '/' ? '/login' : `/login?next=${encodeURIComponent(next)}`} replace />
  }
  return (
    <LiveProvider user={me.user.id} key={me.user.id}>
      <Shell />
    </LiveProvider>
  )
}

function Shell() {
  const { t } = useTranslation()
  const { token } = theme.useToken()
  const wide = Grid.useBreakpoint().lg ?? true
  const [open, setOpen] = useState(false)
  return (
    <Layout style={{ minHeight: '100%' }}>
      <a className="skip-link" href="#main">
        {t('nav.skip')}
      </a>
      <ScrollRestoration />
      <Arrival />
      <Layout.Header
        style={{
          background: token.colorBgContainer,
          borderBottom: `1px solid ${token.colorBorderSecondary}`,
          padding: '0 16px',
        }}
      >
        <Flex align="center" gap="small" style={{ height: '100%' }}>
          {!wide && (
            <Button
              type="text"
              icon={<MenuOutlined aria-hidden />}
              aria-label={t('nav.menu')}
              onClick={() => setOpen(true)}
            />
          )}
          <Logo />
          <Flex flex={1} justify="end" align="center" gap="small">
            <LanguageMenu />
            <ThemeMenu />
            <UserMenu />
          </Flex>
        </Flex>
      </Layout.Header>
      <Layout>
        {wide ? (
          <Layout.Sider width={220} style={{ background: token.colorBgContainer }}>
            <Navigation />
          </Layout.Sider>
        ) : (
          <Drawer
            open={open}
            onClose={() => setOpen(false)}
            placement="left"
            size={260}
            title={t('nav.menu')}
          >
            <Navigation onChosen={() => setOpen(false)} />
          </Drawer>
        )}
        <Layout.Content id="main" tabIndex={-1} role="main" style={{ padding: wide ? 24 : 12, minWidth: 0 }}>
          <Suspense fallback={<ScreenSkeleton />}>
            <Outlet />
          </Suspense>
        </Layout.Content>
      </Layout>
    </Layout>
  )
}
