// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Card, Flex, theme } from 'antd'
import { Outlet } from 'react-router'

import { Logo } from '@/components/logo'

import { Arrival } from './arrival'
import { LanguageMenu, ThemeMenu } from './preferences'

/** Welcome is what stands around the screens for who is not logged in. */
export function Welcome() {
  const { token } = theme.useToken()
  return (
    <Flex vertical align="center" style={{ minHeight: '100%', background: token.colorBgLayout, padding: 16 }}>
      <Flex justify="end" gap="small" style={{ width: '100%' }}>
        <LanguageMenu />
        <ThemeMenu />
      </Flex>
      <Arrival />
      <Flex
        vertical
        gap="large"
        component="main"
        id="main"
        tabIndex={-1}
        style={{ width: '100%', maxWidth: 440, margin: 'auto 0' }}
      >
        <Flex justify="center">
          <Logo />
        </Flex>
        <Card>
          <Outlet />
        </Card>
      </Flex>
    </Flex>
  )
}
