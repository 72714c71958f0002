// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

/** nonce is this page's, which the gateway's policy allows styles by. Vite's dev server has none. */
export const nonce = document.querySelector('meta[property="csp-nonce"]')?.getAttribute('content') ?? ''

/**
 * signStyles gives the nonce to all style elements that scripts make. Ant Design
 * does so itself, but for those with which it measures scroll bars and those in
 * its icons, and has no setting for them. Scripts are from the gateway alone, so
 * this lets in no more.
 */
export function signStyles(): void {
  const create = document.createElement.bind(document)
  const createNS = document.createElementNS.bind(document)
  document.createElement = (name: string, options?: ElementCreationOptions) => signed(create(name, options))
  document.createElementNS = ((space: string | null, name: string, options?: string) =>
    signed(createNS(space, name, options))) as typeof document.createElementNS
}

function signed<T extends Element>(element: T): T {
  if (element instanceof HTMLStyleElement || element instanceof SVGStyleElement) element.nonce = nonce
  return element
}
