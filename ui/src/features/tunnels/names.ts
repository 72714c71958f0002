// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** What names of clients and services, and of accounts, look like: the gateway's rule. */
export const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/

/** How often numbers that no stream tells are fetched anew, while the page is seen. */
export const refreshEach = 5000

/** fullName is how other accounts call a client. */
export const fullName = (owner: string, client: string, mine: string | undefined) =>
  owner === mine ? client : `${owner}/${client}`
