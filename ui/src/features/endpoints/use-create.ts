// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useCallback } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'

import { invalidate } from '@/api/query'

import { endpointKey, pageOf, type Endpoint } from './scope'

/** Arrival is what an endpoint's page is told by who leads to it. */
export type Arrival = { created?: boolean } | null

/** useOpenCreated returns what leads to an endpoint that was just created, where its URL has the focus. */
export function useOpenCreated() {
  const client = useQueryClient()
  const navigate = useNavigate()
  return useCallback(
    (endpoint: Endpoint) => {
      client.setQueryData(endpointKey('own', endpoint.id), endpoint)
      void invalidate(client, '/endpoints', '/usage')
      void navigate(pageOf('own', endpoint.id), { state: { created: true } satisfies Arrival })
    },
    [client, navigate],
  )
}
