// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** What the gateway asks of a password, apart from a list of common ones that only it has. */
const shortest = 8
const longest = 72 // bytes: bcrypt reads no more

export type PasswordProblem = 'short' | 'long' | 'personal'
export type Strength = 'weak' | 'fair' | 'good'

/** problemOf returns what the gateway will say of a new password. personal is what all know of its owner. */
export function problemOf(
  password: string,
  personal: (string | undefined)[] = [],
): PasswordProblem | undefined {
  if (new TextEncoder().encode(password).length > longest) return 'long'
  if ([...password].length < shortest) return 'short'
  const core = bare(password)
  const known = personal.filter((p) => p !== undefined).flatMap((p) => [p, p.split('@')[0]!])
  return known.some((p) => p && bare(p) === core) ? 'personal' : undefined
}

/** strengthOf guesses how long it takes to guess: by length, and how many different characters there are. */
export function strengthOf(password: string): Strength {
  const different = new Set(password.toLowerCase()).size
  const classes = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((c) => c.test(password)).length
  const bits = Math.min([...password].length, 2 * different) * (2 + classes / 2)
  return bits < 32 ? 'weak' : bits < 48 ? 'fair' : 'good'
}

/** bare leaves out the digits and signs that people put around a word. */
const bare = (s: string) => s.toLowerCase().replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '') || s
