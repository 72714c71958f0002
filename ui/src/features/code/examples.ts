// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

const templates = import.meta.glob<string>('./examples/*.txt', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** Example is a program: `key` also names its text, `file` what it is saved as. */
export type Example = { key: string; name: string; file: string }

/** examples in the order of the tabs. Their names are those of the languages, in all languages. */
export const examples = [
  { key: 'browser', name: 'JavaScript', file: 'client.html' },
  { key: 'node', name: 'Node.js', file: 'client.mjs' },
  { key: 'node_built_in', name: 'Node.js ≥ 22', file: 'client-built-in.mjs' },
  { key: 'python', name: 'Python', file: 'client.py' },
  { key: 'go', name: 'Go', file: 'main.go' },
  { key: 'java', name: 'Java', file: 'Client.java' },
  { key: 'csharp', name: 'C#', file: 'Program.cs' },
  { key: 'php', name: 'PHP', file: 'client.php' },
  { key: 'ruby', name: 'Ruby', file: 'client.rb' },
  { key: 'rust', name: 'Rust', file: 'main.rs' },
  { key: 'swift', name: 'Swift', file: 'client.swift' },
  { key: 'arduino', name: 'Arduino ESP32', file: 'client.ino' },
  { key: 'websocat', name: 'websocat', file: 'websocat.sh' },
  { key: 'curl', name: 'curl', file: 'curl.sh' },
] as const satisfies Example[]

/** template is an example's text before it is filled in (render.ts). */
export const template = ({ file }: Example): string => templates[`./examples/${file}.txt`]!
