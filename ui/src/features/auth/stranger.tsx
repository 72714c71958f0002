// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react'
import { Navigate, useSearchParams } from 'react-router'

import { useSession } from '@/app/session'
import { ErrorAlert } from '@/components/errors'
import { ScreenSkeleton } from '@/components/screen-skeleton'

import { ownPath } from './next'

/** Stranger shows its children to who is not logged in, and leads others on, as it does after a log-in. */
export function Stranger({ children }: { children: ReactNode }) {
  const { data: me, error, refetch } = useSession()
  const [params] = useSearchParams()
  if (me) return <Navigate to={ownPath(params.get('next'))} replace />
  if (me === null) return children
  return error ? <ErrorAlert error={error} onRetry={() => void refetch()} /> : <ScreenSkeleton />
}
