// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useParams } from 'react-router'

import { ClientScreen } from './client-screen'

/** Component is the screen of one of the account's clients. */
export function Component() {
  const { name = '' } = useParams()
  return <ClientScreen which={{ name }} home="/tunnels/clients" key={name} />
}
