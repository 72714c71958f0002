// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { UserOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Dropdown, Grid } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { useFail } from '@/components/use-fail'

import { logOut, useMe } from './session'

/** UserMenu tells who is logged in, and logs out. */
export function UserMenu() {
  const { t } = useTranslation()
  const me = useMe()
  const client = useQueryClient()
  const navigate = useNavigate()
  const fail = useFail()
  const wide = Grid.useBreakpoint().sm
  // Whoever logs in next need not have what this one was looking at.
  const leave = () => logOut(client).then(() => navigate('/login', { replace: true }))
  const items = [
    { key: 'account', label: t('nav.account'), onClick: () => void navigate('/account') },
    { key: 'logout', label: t('session.log_out'), onClick: () => void leave().catch(fail) },
  ]
  return (
    <Dropdown trigger={['click']} menu={{ items }}>
      <Button type="text" icon={<UserOutlined aria-hidden />} aria-label={me?.user.name ?? t('nav.account')}>
        {wide && me?.user.name}
      </Button>
    </Dropdown>
  )
}
