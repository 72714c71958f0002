// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useParams } from 'react-router'

import { NameScreen } from './name-screen'

/** Component is the screen of one of the account's public names or ports. */
export function Component() {
  const { name = '', tab } = useParams()
  return <NameScreen which={{ name }} tab={tab} key={name} />
}
