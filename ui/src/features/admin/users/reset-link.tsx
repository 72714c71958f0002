// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { api, type Schema } from '@/api/client'
import { SecretModal } from '@/components/secret'
import { useFail } from '@/components/use-fail'

/** ResetLink makes a link by which the account's owner sets a new password. */
export function ResetLink({ user }: { user: Schema<'User'> }) {
  const { t } = useTranslation('admin')
  const fail = useFail()
  const [link, setLink] = useState<string>()
  const site = api.useQuery('get', '/site').data?.url ?? location.origin
  const make = api.useMutation('post', '/admin/users/{id}/reset', {
    onSuccess: ({ code }) => setLink(`${site}/reset#${code}`),
    onError: fail,
  })
  return (
    <>
      <Button loading={make.isPending} onClick={() => make.mutate({ params: { path: { id: user.id } } })}>
        {t('users.reset')}
      </Button>
      <SecretModal
        text={link}
        what={t('users.reset_for', { name: user.name })}
        onClose={() => setLink(undefined)}
      />
    </>
  )
}
