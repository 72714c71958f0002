// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Card, Flex, theme } from 'antd'
import { Outlet } from 'react-router'

import { Logo } from '@/components/logo'

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
      <Flex vertical gap="large" component="main" style={{ width: '100%', maxWidth: 440, margin: 'auto 0' }}>
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
