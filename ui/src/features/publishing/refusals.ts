// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** refusals are the codes of why a service may not have a name or port, with the keys of their texts. */
export const refusals = {
  name_taken: 'name_taken',
  not_published: 'not_published',
  not_proven: 'not_proven',
  limit_reached: 'limit_reached',
  invalid_message: 'invalid',
} as const

/** refusalKey is what a text is found by; another version's gateway may know more codes, whose message stands as it is. */
export function refusalKey(code = '') {
  return Object.hasOwn(refusals, code) ? refusals[code as keyof typeof refusals] : 'other'
}
