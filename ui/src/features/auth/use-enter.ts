// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'

import { api } from '@/api/client'
import { sessionChanged } from '@/app/session'
import { useFail } from '@/components/use-fail'

/** useLogIn returns what logs in here and in all tabs. Stranger leads on. */
export function useLogIn() {
  const client = useQueryClient()
  const { mutateAsync } = api.useMutation('post', '/auth/login', { meta: { public: true } })
  return async (login: string, password: string) => {
    await mutateAsync({ body: { login, password, cookie: true } })
    await sessionChanged(client)
  }
}

/**
 * useEnter returns what logs in with an account that was just made. It is there
 * even if this fails, so the form must not be sent again: /login says so.
 */
export function useEnter() {
  const logIn = useLogIn()
  const navigate = useNavigate()
  const fail = useFail()
  return async (name: string, password: string) => {
    try {
      await logIn(name, password)
    } catch (error) {
      fail(error)
      await navigate('/login', { state: { note: 'made' } })
    }
  }
}
