// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useParams } from 'react-router'

import { NotFound } from '@/components/not-found'

import { NameScreen } from './name-screen'

/** Component is the screen of anybody's public name or port, for administrators. */
export function Component() {
  const { owner = '', name = '', tab } = useParams()
  if (!/^\d+$/.test(owner)) return <NotFound />
  return <NameScreen which={{ name, owner: Number(owner) }} tab={tab} key={`${owner}/${name}`} />
}
