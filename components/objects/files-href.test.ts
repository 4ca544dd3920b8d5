import { describe, expect, it } from 'vitest'
import { asFolder, filesHref, prefixOfAddress } from '#components/objects/files-href.ts'

function reopen(prefix: string): string {
  const url = new URL(filesHref({ namespace: 'main', bucket: 'photos', prefix }), 'https://console.test')
  const segments = url.pathname.split('/files')[1]?.split('/').slice(1)
  return prefixOfAddress(segments, url.searchParams.get('prefix') ?? undefined)
}

describe('filesHref', () => {
  it('reads like the prefix', () => {
    expect(filesHref({ namespace: 'main', bucket: 'photos', prefix: '' })).toBe('/n/main/b/photos/files')
    expect(filesHref({ namespace: 'main', bucket: 'photos', prefix: '2026/été/' })).toBe(
      '/n/main/b/photos/files/2026/%C3%A9t%C3%A9',
    )
  })

  it.each(['', 'a/', 'a/b/', 'a b/c&d=e/', '100%/', '#?/', 'a//b/', '/', '../', './x/', 'été/', '%2F/'])(
    'leads back to the prefix %j',
    (prefix) => {
      expect(reopen(prefix)).toBe(prefix)
    },
  )
})

describe('asFolder', () => {
  it('ends a typed path with a slash, but for the root', () => {
    expect(asFolder('')).toBe('')
    expect(asFolder('a/b')).toBe('a/b/')
    expect(asFolder('a/b/')).toBe('a/b/')
  })
})
