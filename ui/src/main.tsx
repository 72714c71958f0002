// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { createRoot } from 'react-dom/client'
import { RouterProvider } from 'react-router'

import { makeQueryClient } from '@/api/query'
import { signStyles } from '@/app/nonce'
import { Providers } from '@/app/providers'
import { makeRouter } from '@/app/router'
import { followSession, signedOut } from '@/app/session'
import { startI18n } from '@/i18n'

import './index.css'

signStyles()
const client = makeQueryClient(() => signedOut(client))
followSession(client)
await startI18n()
createRoot(document.getElementById('root')!).render(
  <Providers client={client}>
    <RouterProvider router={makeRouter()} />
  </Providers>,
)
