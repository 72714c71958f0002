// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Flex, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, ifMatch, type Schema } from '@/api/client'
import { invalidate } from '@/api/query'
import { useFail } from '@/components/use-fail'

import { DeleteUser } from './delete-user'
import { ResetLink } from './reset-link'

/** UserActions are what an administrator decides over an account. Nothing of it can wait, so each asks. */
export function UserActions({ user, onDeleted }: { user: Schema<'User'>; onDeleted: () => void }) {
  const { t } = useTranslation(['admin', 'common'])
  const client = useQueryClient()
  const fail = useFail()
  const [deleting, setDeleting] = useState(false)
  const change = api.useMutation('patch', '/admin/users/{id}', {
    onError: fail,
    onSettled: () => invalidate(client, '/admin/users', '/auth/me'),
  })
  const send = (body: Schema<'ChangeUserInBody'>) =>
    change.mutate({ params: { path: { id: user.id }, header: ifMatch(user.version) }, body })
  const disabled = Boolean(user.disabled_at)
  return (
    <Flex gap="small" wrap>
      <Confirmed
        busy={change.isPending}
        text={user.admin ? t('users.unmake_admin') : t('users.make_admin')}
        why={user.admin ? t('users.unmake_admin_text') : t('users.make_admin_text')}
        onConfirm={() => send({ admin: !user.admin })}
      />
      <Confirmed
        busy={change.isPending}
        text={disabled ? t('users.enable') : t('users.disable')}
        why={disabled ? t('users.enable_text') : t('users.disable_text')}
        onConfirm={() => send({ disabled: !disabled })}
      />
      <ResetLink user={user} />
      <Button danger onClick={() => setDeleting(true)}>
        {t('common:delete')}
      </Button>
      <DeleteUser user={user} open={deleting} onClose={() => setDeleting(false)} onDeleted={onDeleted} />
    </Flex>
  )
}

function Confirmed({
  text,
  why,
  busy,
  onConfirm,
}: {
  text: string
  why: string
  busy: boolean
  onConfirm: () => void
}) {
  return (
    <Popconfirm
      title={text}
      description={why}
      okText={text}
      onConfirm={onConfirm}
      styles={{ root: { maxWidth: 320 } }}
    >
      <Button loading={busy}>{text}</Button>
    </Popconfirm>
  )
}
