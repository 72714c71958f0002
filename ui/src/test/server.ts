// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'

/**
 * server answers in the API's place, here only: tests say what with `answer`.
 * Who is logged in is GET /auth/me's to say.
 */
export const server = setupServer(http.get('*/api/v1/site', () => HttpResponse.json({ logged_in: true })))

/** answer has the API answer this method and path ('/endpoints') with a body, or a status and one. */
export function answer(
  method: 'get' | 'post' | 'patch' | 'put' | 'delete',
  path: string,
  body: object | null,
  status = 200,
) {
  const calls: { body: unknown; url: URL; headers: Headers }[] = []
  server.use(
    http[method](`*/api/v1${path}`, async ({ request }) => {
      const text = await request.text()
      calls.push({
        body: text ? (JSON.parse(text) as unknown) : null,
        url: new URL(request.url),
        headers: request.headers,
      })
      return body === null ? new HttpResponse(null, { status: 204 }) : HttpResponse.json(body, { status })
    }),
  )
  return calls
}
