import { describe, expect, it } from 'vitest'
import { encryptedShare } from '#lib/encrypted-share.ts'

describe('the encrypted share', () => {
  it('goes by bytes, however the objects divide', () => {
    expect(encryptedShare({ encryptedBytes: 25, plainBytes: 75, encryptedCount: 9, plainCount: 1 })).toBe(0.25)
  })

  it('goes by objects where every one of them is empty', () => {
    expect(encryptedShare({ encryptedBytes: 0, plainBytes: 0, encryptedCount: 1, plainCount: 3 })).toBe(0.25)
  })

  it('is unknown where nothing is stored', () => {
    expect(encryptedShare({ encryptedBytes: 0, plainBytes: 0 })).toBeNull()
    expect(encryptedShare({ encryptedBytes: 0, plainBytes: 0, encryptedCount: 0, plainCount: 0 })).toBeNull()
  })
})
