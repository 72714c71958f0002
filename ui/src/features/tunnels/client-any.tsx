// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useParams } from 'react-router'

import { Component as NotFound } from '@/components/not-found'

import { ClientScreen } from './client-screen'

/** Component is the screen of anybody's client, for administrators. */
export function Component() {
  const { owner = '', name = '' } = useParams()
  if (!/^\d+$/.test(owner)) return <NotFound />
  return (
    <ClientScreen which={{ name, owner: Number(owner) }} home="/admin/clients" key={`${owner}/${name}`} />
  )
}
