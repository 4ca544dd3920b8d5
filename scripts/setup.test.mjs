import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { complainAboutNode } from './setup.mjs'

it.each(['20.19.0', '20.20.2', '22.0.0', '26.10.0'])('works with Node %s', (version) => {
  expect(complainAboutNode(version)).toBeNull()
})

it.each(['20.18.9', '18.20.4', '16.0.0'])('refuses Node %s in one line that says what to do', (version) => {
  expect(complainAboutNode(version)).toBe(
    `Sceau needs Node 20.19 or newer to install; this is ${version}: see https://nodejs.org`,
  )
})

it('lets every npm script take the place of its shell, which would keep signals to itself', () => {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, '..', 'package.json'), 'utf8'))
  expect(Object.keys(scripts)).toContain('start')
  expect(Object.values(scripts).filter((command) => !command.startsWith('exec '))).toEqual([])
})
