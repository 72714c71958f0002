// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** expiries are the choices for how long a token is good: days, for ever, or until a day. */
export const expiries = ['30', '90', '365', 'never', 'date'] as const
export type Expiry = (typeof expiries)[number]

const day = 86_400_000

/** expiresAt is the moment of a choice; undefined is for ever. A day, such as 2027-01-31, counts to its end here. */
export function expiresAt(choice: Expiry, date: string | undefined, now = Date.now()): string | undefined {
  if (choice === 'never') return undefined
  const at = choice === 'date' ? new Date(`${date ?? ''}T23:59:59`) : new Date(now + Number(choice) * day)
  return at.toISOString()
}

/** today is this day as a date field writes it. */
export function today(now = new Date()): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
