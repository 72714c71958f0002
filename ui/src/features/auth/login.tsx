// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { Alert, Flex, Form, Input, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'react-router'

import { api } from '@/api/client'
import { Page } from '@/components/page'

import { EntryForm } from './entry-form'
import { Stranger } from './stranger'
import { useLogIn } from './use-enter'

/** notes are what other screens have to say when they lead here. */
const notes = ['made', 'reset', 'deleted'] as const
type Note = (typeof notes)[number]

/** Component is the log-in. */
export function Component() {
  const { t } = useTranslation('auth')
  const { search, state } = useLocation() as { search: string; state: { note?: Note } | null }
  const site = api.useQuery('get', '/site').data
  const note = notes.find((n) => n === state?.note)
  return (
    <Stranger>
      <Page title={t('login.title')}>
        {note && <Alert type="success" showIcon role="status" title={t(`login.note_${note}`)} />}
        {site?.setup && <FirstStart />}
        <LogIn />
        <Flex vertical gap="small">
          {site?.registration && (
            <Typography.Text>
              {t('login.no_account')} <Link to={`/register${search}`}>{t('login.register')}</Link>
            </Typography.Text>
          )}
          <Typography.Text type="secondary">{t('login.forgotten')}</Typography.Text>
        </Flex>
      </Page>
    </Stranger>
  )
}

function LogIn() {
  const { t } = useTranslation('auth')
  const [form] = Form.useForm<{ login: string; password: string }>()
  const logIn = useLogIn()
  return (
    <EntryForm
      form={form}
      action={t('login.action')}
      run={({ login, password }) => logIn(login.trim(), password)}
      fieldOfCode={{ login_failed: 'password' }}
    >
      <Form.Item name="login" label={t('login.name')} rules={[{ required: true, whitespace: true }]}>
        <Input autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={254} />
      </Form.Item>
      <Form.Item name="password" label={t('password')} rules={[{ required: true }]}>
        <Input.Password autoComplete="current-password" maxLength={256} />
      </Form.Item>
    </EntryForm>
  )
}

/** FirstStart tells the operator of a new gateway how to get in. */
function FirstStart() {
  const { t } = useTranslation('auth')
  return (
    <Alert
      type="info"
      showIcon
      title={t('login.first_start')}
      description={
        <>
          {t('setup.how')} <code>{t('setup.command')}</code>
        </>
      }
    />
  )
}
