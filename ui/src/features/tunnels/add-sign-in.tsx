// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Flex, Radio, Typography } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { invalidate } from '@/api/query'
import { Command } from '@/components/command'
import { Secret } from '@/components/secret'
import { useFail } from '@/components/use-fail'

import type { Commands, SignIn } from './commands'
import type { Os } from './systems'

/** AddSignIn has the two ways in which a client gets its token: by a code, or made here. */
export function AddSignIn({
  os,
  name,
  commands,
  signIn,
  onChange,
}: {
  os: Os
  name: string
  commands: Commands
  signIn: SignIn
  onChange: (signIn: SignIn) => void
}) {
  const { t } = useTranslation('tunnels')
  return (
    <>
      <Radio.Group
        aria-label={t('add.sign_in')}
        value={signIn}
        onChange={(e) => onChange(e.target.value as SignIn)}
        orientation="vertical"
        options={[
          { value: 'login', label: t('add.by_login') },
          { value: 'token', label: t('add.by_token') },
        ]}
      />
      {signIn === 'login' ? (
        <>
          <Typography.Text>{t('add.login_text')}</Typography.Text>
          <Command text={commands.signIn} what={t('command')} />
        </>
      ) : (
        <>
          <NewToken name={name} />
          <Typography.Text>{t(os === 'windows' ? 'add.token_windows' : 'add.token_unix')}</Typography.Text>
          <Command text={commands.signIn} what={t('command')} />
          {commands.protect && (
            <>
              <Typography.Text>{t('add.protect')}</Typography.Text>
              <Command text={commands.protect} what={t('command')} />
            </>
          )}
        </>
      )}
    </>
  )
}

/** NewToken makes the token, once it is asked for, and shows it here, since it is needed at once. */
function NewToken({ name }: { name: string }) {
  const { t } = useTranslation('tunnels')
  const cache = useQueryClient()
  const fail = useFail()
  const [token, setToken] = useState<string>()
  const make = api.useMutation('post', '/tokens/client', {
    onSuccess: (made) => {
      setToken(made.token)
      void invalidate(cache, '/tokens/client')
    },
    onError: fail,
  })
  if (token !== undefined) return <Secret text={token} what={t('add.token')} />
  return (
    <Flex>
      <Button loading={make.isPending} onClick={() => make.mutate({ body: { client: name, name } })}>
        {t('add.make_token', { name })}
      </Button>
    </Flex>
  )
}
