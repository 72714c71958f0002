// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import {
  ApiOutlined,
  BookOutlined,
  GlobalOutlined,
  MessageOutlined,
  NodeIndexOutlined,
  SettingOutlined,
  UserOutlined,
} from '@ant-design/icons'
import { Menu, type MenuProps } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'react-router'

import { api } from '@/api/client'

import { useMe } from './session'

/** adminTabs are the screens for administrators, in the order of the menu. */
export const adminTabs = [
  'load',
  'invites',
  'users',
  'endpoints',
  'clients',
  'publishing',
  'settings',
  'blocks',
  'audit',
] as const

/** Navigation is the main menu. */
export function Navigation({ onChosen }: { onChosen?: () => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const { pathname } = useLocation()
  const feedback = api.useQuery('get', '/site').data?.feedback_link
  const item = (to: string, text: string, icon?: React.ReactNode) => ({
    key: to,
    icon,
    label: <Link to={to}>{text}</Link>,
  })
  const items: MenuProps['items'] = [
    item('/endpoints', t('nav.endpoints'), <ApiOutlined aria-hidden />),
    item('/tunnels', t('nav.tunnels'), <NodeIndexOutlined aria-hidden />),
    item('/publishing', t('nav.publishing'), <GlobalOutlined aria-hidden />),
    item('/account', t('nav.account'), <UserOutlined aria-hidden />),
    item('/docs', t('nav.docs'), <BookOutlined aria-hidden />),
  ]
  if (me?.user.admin) {
    items.push({
      key: '/admin',
      icon: <SettingOutlined aria-hidden />,
      label: t('nav.admin'),
      children: adminTabs.map((tab) => item(`/admin/${tab}`, t(`nav.admin_${tab}`))),
    })
  }
  if (feedback) {
    items.push({
      key: 'feedback',
      icon: <MessageOutlined aria-hidden />,
      label: (
        <a href={feedback} target="_blank" rel="noreferrer">
          {t('nav.feedback')}
        </a>
      ),
    })
  }
  const [, first, second] = pathname.split('/')
  const selected =
    first === 'admin' ? `/admin/${second ?? adminTabs[0]}` : `/${first === 'device' ? 'tunnels' : first}`
  return (
    <nav aria-label={t('nav.menu')}>
      <Menu
        mode="inline"
        items={items}
        selectedKeys={[selected]}
        defaultOpenKeys={['/admin']}
        onClick={({ domEvent: { target, currentTarget } }) => {
          // With the keyboard it is the item around the link that is chosen.
          if (!(target as Element).closest('a')) currentTarget.querySelector('a')?.click()
          onChosen?.()
        }}
        style={{ borderInlineEnd: 0 }}
      />
    </nav>
  )
}
