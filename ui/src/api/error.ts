// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** Codes that the interface itself makes. The API's own are in its document. */
export type LocalCode = 'unreachable' | 'unknown'

/**
 * ApiError is the one error that calls of the API throw. `code` is the API's,
 * which does not change; its texts are in the locale file `errors`.
 */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    /** of fields: what is wrong with each, in English */
    readonly details: Record<string, unknown> = {},
    readonly status = 0,
    /** seconds until it makes sense to try again; 0 if the gateway did not say */
    readonly retryAfter = 0,
  ) {
    super(message)
  }

  static async of(response: Response): Promise<ApiError> {
    const retryAfter = Number(response.headers.get('Retry-After') ?? 0) || 0
    try {
      const body = (await response.json()) as {
        code?: string
        message?: string
        details?: Record<string, unknown>
      }
      if (body.code) {
        return new ApiError(body.code, body.message ?? '', body.details, response.status, retryAfter)
      }
    } catch {
      // Not from our API: a proxy between, most likely.
    }
    const code: LocalCode = response.status >= 502 && response.status <= 504 ? 'unreachable' : 'unknown'
    return new ApiError(code, `HTTP ${response.status}`, {}, response.status, retryAfter)
  }

  static unreachable(): ApiError {
    return new ApiError('unreachable' satisfies LocalCode, 'The gateway does not answer.')
  }
}

/** asApiError is what was thrown, whatever it was, as the error that is shown. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError('unknown' satisfies LocalCode, String(error))
}
