import { describe, expect, it } from 'vitest'
import type { EncryptionMigration } from '#storage-engine/metadata/encryption-migrations.ts'
import { encryptionStateOf, percentOf } from '#storage-engine/service/encryption-state.ts'

const MIGRATION: EncryptionMigration = {
  id: '01900000-0000-7000-8000-000000000001',
  namespaceId: '01900000-0000-7000-8000-000000000002',
  direction: 'encrypt',
  state: 'running',
  encryptionEpoch: 2,
  rateLimit: null,
  doneCount: 1,
  doneBytes: 999,
  totalCount: 4,
  totalBytes: 1_000,
  bytesPerSecond: null,
  position: null,
  startedBy: 'admin',
  message: null,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  endedAt: null,
}

const coverage = (sealedCount: number, plainCount: number, isPlainGone = plainCount === 0) => ({
  isPlainGone,
  coverage: { sealedCount, plainCount, encryptedBytes: sealedCount * 10, plainBytes: plainCount * 10 },
})

describe('the state of a namespace', () => {
  it.each([
    ['off', 'off', 0, 0],
    ['off', 'off', 0, 5],
    ['mixed', 'off', 1, 5],
    ['on', 'on', 0, 0],
    ['on', 'on', 5, 0],
    ['on-new-data-only', 'on', 5, 1],
  ] as const)('is %s, switched %s, with %i sealed and %i plain', (state, encryptionMode, sealed, plain) => {
    const namespace = { encryptionMode, ...coverage(sealed, plain) }
    expect(encryptionStateOf(namespace, null)).toBe(state)
    for (const ended of ['done', 'failed', 'cancelled'] as const)
      expect(encryptionStateOf(namespace, { ...MIGRATION, state: ended })).toBe(state)
  })

  it('is on only when nothing plain is left of what was deleted, either', () => {
    const namespace = { encryptionMode: 'on', ...coverage(5, 0, false) } as const
    expect(encryptionStateOf(namespace, null)).toBe('on-new-data-only')
  })

  it.each(['running', 'paused', 'cleaning'] as const)('is that of a migration while it is %s', (state) => {
    const namespace = { encryptionMode: 'on', ...coverage(5, 0) } as const
    expect(encryptionStateOf(namespace, { ...MIGRATION, state })).toBe('encrypting')
    expect(encryptionStateOf(namespace, { ...MIGRATION, state, direction: 'decrypt' })).toBe('decrypting')
  })
})

describe('the percentage', () => {
  it.each([
    [99, {}],
    [99, { doneBytes: 2_000 }],
    [99, { state: 'cleaning', doneBytes: 0 }],
    [0, { doneBytes: 9 }],
    [0, { totalCount: null, totalBytes: null }],
    // Nothing but empty objects.
    [25, { doneBytes: 0, totalBytes: 0 }],
    [null, { state: 'done' }],
  ] as const)('is %s of %o', (percent, changes) => {
    expect(percentOf({ ...MIGRATION, ...changes })).toBe(percent)
  })

  it('is none without a migration', () => {
    expect(percentOf(null)).toBeNull()
  })
})
