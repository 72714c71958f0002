// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { createBrowserRouter, Navigate } from 'react-router'

import { ScreenError } from '@/components/screen-error'
import { ScreenSkeleton } from '@/components/screen-skeleton'

/**
 * The map of the interface. A screen is loaded when it is visited; each feature
 * exports its screens as Component.
 */
export function makeRouter() {
  return createBrowserRouter([
    {
      errorElement: <ScreenError />,
      hydrateFallbackElement: <ScreenSkeleton />,
      children: [
        {
          lazy: async () => ({ Component: (await import('./welcome')).Welcome }),
          children: [
            { path: '/setup', lazy: () => import('@/features/auth/setup') },
            { path: '/register', lazy: () => import('@/features/auth/register') },
            { path: '/login', lazy: () => import('@/features/auth/login') },
            { path: '/reset', lazy: () => import('@/features/auth/reset') },
          ],
        },
        {
          lazy: async () => ({ Component: (await import('./signed-in')).SignedIn }),
          children: [
            {
              errorElement: <ScreenError />,
              children: [
                { index: true, element: <Navigate to="/endpoints" replace /> },
                { path: '/endpoints', lazy: () => import('@/features/endpoints/list') },
                { path: '/endpoints/:id/:tab?', lazy: () => import('@/features/endpoints/endpoint') },
                { path: '/tunnels/add', lazy: () => import('@/features/tunnels/add') },
                { path: '/tunnels/clients/:name', lazy: () => import('@/features/tunnels/client') },
                { path: '/tunnels/:tab?', lazy: () => import('@/features/tunnels/tunnels') },
                { path: '/device', lazy: () => import('@/features/tunnels/device') },
                { path: '/publishing/add', lazy: () => import('@/features/publishing/add') },
                { path: '/publishing/names/:name/:tab?', lazy: () => import('@/features/publishing/name') },
                { path: '/publishing/:tab?', lazy: () => import('@/features/publishing/publishing') },
                { path: '/visit', lazy: () => import('@/features/publishing/visit') },
                { path: '/account/:tab?', lazy: () => import('@/features/account/account') },
                {
                  path: '/admin/endpoints/:id/:tab?',
                  lazy: () => import('@/features/endpoints/endpoint-any'),
                },
                { path: '/admin/clients/:owner/:name', lazy: () => import('@/features/tunnels/client-any') },
                {
                  path: '/admin/publishing/:owner/:name/:tab?',
                  lazy: () => import('@/features/publishing/name-any'),
                },
                { path: '/admin/:tab?', lazy: () => import('@/features/admin/admin') },
                { path: '/docs/:page?', lazy: () => import('@/features/docs/docs') },
                { path: '*', lazy: () => import('@/components/not-found') },
              ],
            },
          ],
        },
      ],
    },
  ])
}
