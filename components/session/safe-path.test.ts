import { describe, expect, it } from 'vitest'
import { safePath } from '#components/session/safe-path.ts'

describe('safePath', () => {
  it('keeps a path of the console with its query', () => {
    expect(safePath('/n/main/b/photos/files/2026?sort=size')).toBe('/n/main/b/photos/files/2026?sort=size')
  })

  it.each([
    undefined,
    '',
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    ['/a', '/b'],
  ])('leads home instead of to %j', (wanted) => {
    expect(safePath(wanted)).toBe('/')
  })
})
