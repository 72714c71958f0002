// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import i18next from 'i18next'
import { createMemoryRouter, RouterProvider } from 'react-router'

import { makeQueryClient } from '@/api/query'
import { Providers } from '@/app/providers'
import { startI18n, type Language } from '@/i18n'

/** show renders a screen at an address ('/endpoints/x') as the app would, without a live stream. */
export async function show(
  element: React.ReactNode,
  { path = '*', at = '/', language = 'en' as Language } = {},
) {
  if (i18next.isInitialized) await i18next.changeLanguage(language)
  else await startI18n(language)
  const client = makeQueryClient(() => undefined)
  const router = createMemoryRouter(
    [
      { path, element },
      { path: '*', element: null },
    ],
    { initialEntries: [at] },
  )
  const view = render(
    <Providers client={client}>
      <RouterProvider router={router} />
    </Providers>,
  )
  return { ...view, router, client, user: userEvent.setup() }
}
