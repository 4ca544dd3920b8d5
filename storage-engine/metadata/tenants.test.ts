import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newId } from '#storage-engine/ids.ts'
import * as accounts from '#storage-engine/metadata/accounts.ts'
import { deleteBucket, findBucket, insertBucket, listBuckets } from '#storage-engine/metadata/buckets.ts'
import { findInstallation, insertInstallation } from '#storage-engine/metadata/installation.ts'
import { loadNamespaceKeys } from '#storage-engine/metadata/namespace-keys.ts'
import * as namespaces from '#storage-engine/metadata/namespaces.ts'
import { commitObject } from '#storage-engine/metadata/object-versions.ts'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'
import * as sessions from '#storage-engine/metadata/sessions.ts'
import { createBucketIn, createTestBucket, testObject } from '#storage-engine/metadata/test-database.ts'
import * as users from '#storage-engine/metadata/users.ts'

const { db } = await openTestDatabase()

describe('installation', () => {
  it('is founded by one of many', async () => {
    expect(await findInstallation(db)).toBeNull()
    const candidates = Array.from({ length: 5 }, () => ({ clusterId: newId(), keyCanary: randomBytes(20) }))
    const founded = await Promise.all(candidates.map((candidate) => insertInstallation(db, candidate)))
    expect(founded.filter(Boolean)).toHaveLength(1)
    expect(await findInstallation(db)).toEqual(candidates[founded.indexOf(true)])
  })
})

describe('namespaces', () => {
  it('are made whole or not at all, and names are unique', async () => {
    const { namespaceId, namespaceName } = await createTestBucket(db)
    const wrappedKey = randomBytes(60)
    const twin = {
      id: newId(),
      name: namespaceName,
      displayName: 'x',
      encryptionMode: 'off',
      firstKey: { version: 1, wrappedKey, tokenId: null },
      rootObjectUser: { id: newId(), canonicalId: randomBytes(32).toString('hex'), displayName: 'x' },
    } as const
    await expect(namespaces.insertNamespace(db, twin)).rejects.toMatchObject({ code: 'NamespaceAlreadyExists' })
    await expect(namespaces.getNamespace(db, { id: twin.id })).rejects.toMatchObject({ code: 'NoSuchNamespace' })
    await namespaces.insertNamespace(db, { ...twin, name: 'other-name' })
    expect(await loadNamespaceKeys(db, { namespaceId: twin.id })).toEqual({
      epoch: 1,
      rows: [{ version: 1, state: 'active', wrappedKey, tokenId: null }],
    })
    expect(await accounts.getRootObjectUser(db, { namespaceId: twin.id })).toMatchObject({
      id: twin.rootObjectUser.id,
      isRoot: true,
    })
    expect((await namespaces.findNamespaceByName(db, { name: namespaceName }))?.id).toBe(namespaceId)
  })

  it('count a switch only when it changes something', async () => {
    const { namespaceId } = await createTestBucket(db)
    const turn = (mode: 'off' | 'on') => namespaces.setEncryptionMode(db, { namespaceId, mode })
    expect(await turn('off')).toEqual({ encryptionEpoch: 1, before: 'off' })
    expect(await turn('on')).toEqual({ encryptionEpoch: 2, before: 'off' })
    expect(await turn('on')).toEqual({ encryptionEpoch: 2, before: 'on' })
    await expect(namespaces.setEncryptionMode(db, { namespaceId: newId(), mode: 'on' })).rejects.toMatchObject({
      code: 'NoSuchNamespace',
    })
  })

  it('show usage and coverage over all their buckets', async () => {
    const plain = await createTestBucket(db)
    await commitObject(db, testObject(plain, 'plain', { size: 4 }))
    const { encryptionEpoch } = await namespaces.setEncryptionMode(db, { namespaceId: plain.namespaceId, mode: 'on' })
    const sealed = await createBucketIn(db, plain)
    expect(sealed.encryptionEpoch).toBe(encryptionEpoch)
    await commitObject(db, testObject(sealed, 'sealed', { size: 6 }))
    const shown = await namespaces.getNamespaceWithUsage(db, { id: plain.namespaceId })
    expect(shown).toMatchObject({ bucketCount: 2, objectCount: 2, sizeBytes: 10, encryptionMode: 'on' })
    expect(shown.coverage).toEqual({ sealedCount: 1, plainCount: 1, encryptedBytes: 6, plainBytes: 4 })
    expect(await namespaces.countBlobsByCipher(db, { namespaceId: plain.namespaceId })).toEqual([
      { cipher: 0, count: 1, sizeBytes: 4 },
      { cipher: 1, count: 1, sizeBytes: 6 },
    ])
    const [found] = await namespaces.listNamespacesWithUsage(db, {
      search: shown.name.toUpperCase(),
      afterName: '',
      limit: 10,
    })
    expect(found).toEqual(shown)
    expect(
      await namespaces.listNamespacesWithUsage(db, { search: shown.name, afterName: shown.name, limit: 10 }),
    ).toEqual([])
    await expect(namespaces.getNamespaceWithUsage(db, { id: newId() })).rejects.toMatchObject({
      code: 'NoSuchNamespace',
    })
  })
})

describe('buckets', () => {
  it('have names that are unique within the service, whoever comes first', async () => {
    const one = await createTestBucket(db)
    const two = await createTestBucket(db)
    const name = `race-${randomBytes(4).toString('hex')}`
    const tries = [one, two, one, two].map(({ namespaceId, ownerId }) =>
      insertBucket(db, { id: newId(), namespaceId, ownerId, name, region: 'r' }),
    )
    expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1)
    const stranger = { id: newId(), namespaceId: one.namespaceId, ownerId: two.ownerId, name: 'stranger', region: 'r' }
    await expect(insertBucket(db, stranger)).rejects.toMatchObject({ code: 'NoSuchNamespace' })
  })

  it('are listed by namespace, owner, prefix and marker', async () => {
    const first = await createTestBucket(db)
    await createTestBucket(db)
    const more = await Promise.all([createBucketIn(db, first), createBucketIn(db, first)])
    const all = [first, ...more].toSorted((left, right) => (left.name < right.name ? -1 : 1))
    const query = { namespaceId: first.namespaceId, prefix: '', after: '', limit: 10 }
    expect(await listBuckets(db, query)).toEqual(all)
    expect(await listBuckets(db, { ...query, after: all[0]?.name as string, limit: 1 })).toEqual(all.slice(1, 2))
    expect(await listBuckets(db, { ...query, prefix: first.name })).toEqual([first])
    expect(await listBuckets(db, { ...query, ownerId: newId() })).toEqual([])
  })

  it('are removed only when empty, and only through their own namespace', async () => {
    const bucket = await createTestBucket(db)
    const address = { namespaceId: bucket.namespaceId, bucketId: bucket.id }
    await commitObject(db, testObject(bucket, 'key'))
    await expect(deleteBucket(db, address)).rejects.toMatchObject({ code: 'BucketNotEmpty' })
    await expect(deleteBucket(db, { ...address, namespaceId: newId() })).rejects.toMatchObject({ code: 'NoSuchBucket' })
    expect(await findBucket(db, { name: bucket.name })).toEqual(bucket)
  })
})

describe('access keys', () => {
  it('are found with their holder and namespace', async () => {
    const { namespaceId, namespaceName, ownerId } = await createTestBucket(db)
    const accountId = newId()
    await accounts.insertStorageAccount(db, { id: accountId, namespaceId, name: 'backup' })
    const key = {
      namespaceId,
      sealedSecret: randomBytes(50),
      expiresAt: null,
      objectUserId: null,
      storageAccountId: null,
    }
    await accounts.insertAccessKey(db, { ...key, accessKeyId: 'AKIAUSER', objectUserId: ownerId })
    const expiresAt = new Date('2030-01-01T00:00:00Z')
    await accounts.insertAccessKey(db, { ...key, accessKeyId: 'AKIAACCOUNT', storageAccountId: accountId, expiresAt })
    const [user, account, nobody, nul] = await Promise.all(
      ['AKIAUSER', 'AKIAACCOUNT', 'AKIANOBODY', 'A\0'].map((accessKeyId) =>
        accounts.findAccessKey(db, { accessKeyId }),
      ),
    )
    expect(user).toMatchObject({
      sealedSecret: key.sealedSecret,
      state: 'active',
      expiresAt: null,
      holder: { kind: 'object-user', id: ownerId, isRoot: true, namespaceId, namespaceName },
    })
    expect(account).toMatchObject({ expiresAt, holder: { kind: 'storage-account', id: accountId, name: 'backup' } })
    expect([nobody, nul]).toEqual([null, null])
    await accounts.setAccessKeyState(db, { namespaceId, accessKeyId: 'AKIAUSER', state: 'inactive' })
    expect(await accounts.findAccessKey(db, { accessKeyId: 'AKIAUSER' })).toMatchObject({ state: 'inactive' })
    const listed = await accounts.listAccessKeys(db, { namespaceId, after: '', limit: 10 })
    expect(listed.map(({ accessKeyId }) => accessKeyId)).toEqual(['AKIAACCOUNT', 'AKIAUSER'])
    expect(listed[0]).not.toHaveProperty('sealedSecret')
    await accounts.deleteStorageAccount(db, { namespaceId, id: accountId })
    expect(await accounts.findAccessKey(db, { accessKeyId: 'AKIAACCOUNT' })).toBeNull()
    await accounts.deleteAccessKey(db, { namespaceId, accessKeyId: 'AKIAUSER' })
    expect(await accounts.listAccessKeys(db, { namespaceId, after: '', limit: 10 })).toEqual([])
  })

  it('belong to a holder of the same namespace, and obey only that namespace', async () => {
    const one = await createTestBucket(db)
    const two = await createTestBucket(db)
    const key = { accessKeyId: 'AKIAFOREIGN', sealedSecret: randomBytes(9), expiresAt: null, storageAccountId: null }
    await expect(
      accounts.insertAccessKey(db, { ...key, namespaceId: one.namespaceId, objectUserId: two.ownerId }),
    ).rejects.toMatchObject({ code: 'InvalidArgument' })
    await accounts.insertAccessKey(db, { ...key, namespaceId: two.namespaceId, objectUserId: two.ownerId })
    const foreign = { namespaceId: one.namespaceId, accessKeyId: key.accessKeyId }
    await expect(accounts.setAccessKeyState(db, { ...foreign, state: 'inactive' })).rejects.toMatchObject({
      code: 'InvalidAccessKeyId',
    })
    await accounts.deleteAccessKey(db, foreign)
    expect(await accounts.findAccessKey(db, key)).toMatchObject({ state: 'active' })
  })

  it('have holders with unique names and addresses', async () => {
    const { namespaceId } = await createTestBucket(db)
    await accounts.insertStorageAccount(db, { id: newId(), namespaceId, name: 'a' })
    await expect(accounts.insertStorageAccount(db, { id: newId(), namespaceId, name: 'a' })).rejects.toMatchObject({
      code: 'InvalidArgument',
    })
    expect(await accounts.findStorageAccount(db, { namespaceId, name: 'a' })).toMatchObject({ name: 'a' })
    expect(await accounts.listStorageAccounts(db, { namespaceId, after: 'a', limit: 10 })).toEqual([])
    const user = { namespaceId, displayName: 'x', email: `${newId()}@example.com` }
    const id = newId()
    await accounts.insertObjectUser(db, { ...user, id, canonicalId: randomBytes(32).toString('hex') })
    await expect(
      accounts.insertObjectUser(db, { ...user, id: newId(), canonicalId: randomBytes(32).toString('hex') }),
    ).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect(await accounts.findObjectUsers(db, { ids: [id, newId()] })).toMatchObject([{ id, email: user.email }])
    expect(await accounts.findObjectUsers(db, { ids: [] })).toEqual([])
  })
})

describe('users and sessions', () => {
  it('have unique names, memberships, and sessions that end with the password', async () => {
    const { namespaceId, namespaceName } = await createTestBucket(db)
    const user = { id: newId(), username: `alice-${newId()}`, displayName: 'Alice', passwordHash: '$argon2id$1' }
    await users.insertUser(db, user)
    await expect(users.insertUser(db, { ...user, id: newId() })).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect(await users.findUserByUsername(db, { username: user.username })).toMatchObject({
      ...user,
      isAdministrator: false,
      disabledAt: null,
    })
    expect(await users.findUserByUsername(db, { username: 'a\0' })).toBeNull()
    expect(await users.countUsers(db)).toBe(1)

    await users.putMembership(db, {
      namespaceId,
      userId: user.id,
      role: 'member',
      permissions: ['object-storage_read'],
    })
    await users.putMembership(db, { namespaceId, userId: user.id, role: 'owner', permissions: [] })
    expect(await users.listMembershipsOfUser(db, { userId: user.id })).toMatchObject([
      { namespaceId, name: namespaceName, role: 'owner', permissions: [] },
    ])

    const createdAt = new Date()
    const session = { tokenHash: 'h1', userId: user.id, createdAt, expiresAt: new Date(createdAt.getTime() + 60_000) }
    await sessions.insertSession(db, session)
    await sessions.insertSession(db, { ...session, tokenHash: 'h2' })
    const at = new Date(createdAt.getTime() + 5_000)
    await sessions.touchSession(db, { tokenHash: 'h1', at })
    expect(await sessions.findSession(db, { tokenHash: 'h1' })).toMatchObject({
      lastSeenAt: at,
      user: { username: user.username },
    })
    await sessions.deleteSession(db, { tokenHash: 'h1' })
    expect(await sessions.findSession(db, { tokenHash: 'h1' })).toBeNull()
    await users.setPasswordHash(db, { userId: user.id, passwordHash: '$argon2id$2' })
    expect(await sessions.findSession(db, { tokenHash: 'h2' })).toBeNull()
    expect((await users.findUserByUsername(db, { username: user.username }))?.passwordHash).toBe('$argon2id$2')

    await sessions.insertSession(db, { ...session, tokenHash: 'h3' })
    expect(await sessions.deleteExpiredSessions(db, { now: createdAt })).toBe(0)
    expect(await sessions.deleteExpiredSessions(db, { now: new Date(createdAt.getTime() + 120_000) })).toBe(1)
    await sessions.insertSession(db, { ...session, tokenHash: 'h4' })
    await sessions.deleteSessionsOfUser(db, { userId: user.id })
    expect(await sessions.findSession(db, { tokenHash: 'h4' })).toBeNull()
  })
})
