// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

import { useSyncExternalStore } from 'react'
import { theme as antd, type ThemeConfig } from 'antd'

export type ThemeChoice = 'system' | 'light' | 'dark'

const remembered = 'culvert.theme'
const dark = window.matchMedia('(prefers-color-scheme: dark)')
const still = window.matchMedia('(prefers-reduced-motion: reduce)')
const listeners = new Set<() => void>()

function subscribe(changed: () => void): () => void {
  listeners.add(changed)
  dark.addEventListener('change', changed)
  still.addEventListener('change', changed)
  return () => {
    listeners.delete(changed)
    dark.removeEventListener('change', changed)
    still.removeEventListener('change', changed)
  }
}

function choice(): ThemeChoice {
  const c = localStorage.getItem(remembered)
  return c === 'light' || c === 'dark' ? c : 'system'
}

const isDark = () => choice() === 'dark' || (choice() === 'system' && dark.matches)

/** chooseTheme changes it in this browser and remembers it. */
export function chooseTheme(c: ThemeChoice): void {
  localStorage.setItem(remembered, c)
  for (const changed of listeners) changed()
}

/** useThemeChoice returns what was chosen, useIsDark what comes of it. */
export const useThemeChoice = () => useSyncExternalStore(subscribe, choice)
export const useIsDark = () => useSyncExternalStore(subscribe, isDark)

/** useTheme returns Ant Design's settings. Colours have a contrast of 4.5:1 at least in both themes. */
export function useTheme(): ThemeConfig {
  const night = useIsDark()
  const motion = useSyncExternalStore(subscribe, () => !still.matches)
  return {
    algorithm: night ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      colorPrimary: night ? '#3fb8a8' : '#0b6b63',
      colorLink: night ? '#5fcdbf' : '#0b6b63',
      colorInfo: night ? '#3fb8a8' : '#0b6b63',
      colorError: night ? '#ff9a94' : '#c0201a',
      colorSuccess: night ? '#5fc26b' : '#23752e',
      colorWarning: night ? '#e0a52e' : '#915e00',
      colorTextTertiary: night ? 'rgba(255,255,255,0.65)' : 'rgba(0,0,0,0.62)',
      colorTextQuaternary: night ? 'rgba(255,255,255,0.6)' : 'rgba(0,0,0,0.6)',
      colorTextPlaceholder: night ? 'rgba(255,255,255,0.6)' : 'rgba(0,0,0,0.6)',
      colorTextDescription: night ? 'rgba(255,255,255,0.65)' : 'rgba(0,0,0,0.62)',
      // Ant Design makes grey of dark colours, on which their own texts are hard to read.
      ...(!night && {
        colorPrimaryBg: '#e3f3f1',
        colorPrimaryBgHover: '#d2ebe8',
        colorInfoBg: '#e3f3f1',
        colorInfoBorder: '#9fd0ca',
        colorSuccessBg: '#e8f4e6',
        colorSuccessBorder: '#a9d3a4',
        colorWarningBg: '#fff6e0',
        colorWarningBorder: '#e5c77a',
      }),
      borderRadius: 6,
      motion,
    },
    // Texts on what is filled with a colour, which is light in the dark.
    ...(night && {
      components: {
        Button: { primaryColor: '#04201d', dangerColor: '#2a0705' },
        Menu: { itemSelectedColor: '#8fe3d7' },
      },
    }),
    // Variables in one class, so that changing the theme changes one rule.
    cssVar: { key: 'culvert' },
    hashed: false,
  }
}
