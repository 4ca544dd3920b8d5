import { describe, expect, it } from 'vitest'
import { newId } from '#storage-engine/ids.ts'
import {
  claimStaleActivities,
  findActivity,
  finishActivity,
  insertActivity,
  listActivities,
  reportActivity,
} from '#storage-engine/metadata/activities.ts'
import { appendAuditEvent, findAuditBreak, listAuditEvents } from '#storage-engine/metadata/audit.ts'
import {
  findBlobLocator,
  findKnownBlobs,
  forgetGarbage,
  hasBlobs,
  pageDueGarbage,
  relocateBlobs,
} from '#storage-engine/metadata/garbage.ts'
import { acquireJobLease, listJobs, releaseJobLease, renewJobLease } from '#storage-engine/metadata/jobs.ts'
import { commitObject } from '#storage-engine/metadata/object-versions.ts'
import { openTestDatabase } from '#storage-engine/metadata/open-test-database.ts'
import { createTestBucket, testObject } from '#storage-engine/metadata/test-database.ts'
import { foldUsage, readUsage } from '#storage-engine/metadata/usage.ts'

const { db } = await openTestDatabase()

describe('garbage', () => {
  it('is paged when due, forgotten once, and never takes a blob that is in use', async () => {
    expect(await hasBlobs(db)).toBe(false)
    const bucket = await createTestBucket(db)
    const [old, current] = [testObject(bucket, 'key'), testObject(bucket, 'key')]
    await commitObject(db, old)
    await commitObject(db, current)
    const ids = [old, current].map(({ blob }) => blob?.blobId as string) as [string, string]
    expect(await pageDueGarbage(db, { freedBefore: new Date(Date.now() - 60_000), limit: 10 })).toEqual([])
    const due = await pageDueGarbage(db, { freedBefore: new Date(Date.now() + 60_000), limit: 10 })
    expect(due).toEqual([{ blobId: ids[0], locator: `test:${ids[0]}`, storedSize: 10, mustErase: false }])
    expect(await findKnownBlobs(db, { blobIds: [...ids, newId()] })).toEqual(
      new Map(ids.map((id) => [id, `test:${id}`])),
    )
    await forgetGarbage(db, { blobIds: ids })
    await forgetGarbage(db, { blobIds: ids })
    expect(await findKnownBlobs(db, { blobIds: ids })).toEqual(new Map([[ids[1], `test:${ids[1]}`]]))
    expect(await hasBlobs(db)).toBe(true)
  })

  it('moves a locator only from where the mover saw it', async () => {
    const bucket = await createTestBucket(db)
    const object = testObject(bucket, 'moved')
    await commitObject(db, object)
    const { blobId, locator } = object.blob as { blobId: string; locator: string }
    expect(await relocateBlobs(db, { moves: [{ blobId, from: 'elsewhere', to: 'x' }] })).toEqual(new Set())
    expect(await relocateBlobs(db, { moves: [{ blobId, from: locator, to: 'new "place"' }] })).toEqual(
      new Set([blobId]),
    )
    expect(await findBlobLocator(db, { blobId })).toBe('new "place"')
    expect(await findBlobLocator(db, { blobId: newId() })).toBeNull()
  })
})

describe('usage', () => {
  it('stays exact while it is folded by two at once and written to', async () => {
    const bucket = await createTestBucket(db)
    await Promise.all([
      ...Array.from({ length: 200 }, (_, index) => commitObject(db, testObject(bucket, `key-${index}`, { size: 3 }))),
      ...Array.from({ length: 6 }, () => foldUsage(db, { limit: 5 })),
    ])
    const expected = { objectCount: 200, sizeBytes: 600, sealedCount: 0, sealedBytes: 0 }
    expect(await readUsage(db, { bucketId: bucket.id })).toEqual(expected)
    while ((await foldUsage(db, { limit: 7 })) > 0);
    expect(await readUsage(db, { bucketId: bucket.id })).toEqual(expected)
    const left = await db.query({ name: 'deltas-left', text: 'select from usage_deltas', values: [] })
    expect(left).toEqual([])
  })
})

describe('jobs', () => {
  const lease = { leaseSeconds: 60 }

  it('are run by one of many at a time', async () => {
    const leases = await Promise.all(
      Array.from({ length: 8 }, () => acquireJobLease(db, { name: 'one', leaseId: newId(), ...lease })),
    )
    expect(leases.filter((each) => each !== null)).toHaveLength(1)
  })

  it('keep their progress, pause, and tell how they ended', async () => {
    const mine = await acquireJobLease(db, { name: 'two', leaseId: newId(), ...lease })
    expect(mine).toMatchObject({ name: 'two', progress: {} })
    const run = { ...(mine as NonNullable<typeof mine>), progress: { at: 5 } }
    expect(await renewJobLease(db, { ...run, ...lease })).toBe(true)
    await releaseJobLease(db, { ...run, pauseSeconds: 0, error: 'it broke' })
    expect((await listJobs(db)).find(({ name }) => name === 'two')).toMatchObject({
      isRunning: false,
      error: 'it broke',
      progress: { at: 5 },
    })
    const again = await acquireJobLease(db, { name: 'two', leaseId: newId(), ...lease })
    expect(again?.progress).toEqual({ at: 5 })
    expect(await renewJobLease(db, { ...run, ...lease })).toBe(false)
    await releaseJobLease(db, { ...(again as NonNullable<typeof again>), pauseSeconds: 3_600, error: null })
    expect(await acquireJobLease(db, { name: 'two', leaseId: newId(), ...lease })).toBeNull()
  })

  it('pass to another process when a lease has run out', async () => {
    const dead = await acquireJobLease(db, { name: 'three', leaseId: newId(), leaseSeconds: 0 })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await acquireJobLease(db, { name: 'three', leaseId: newId(), ...lease })).not.toBeNull()
    expect(await renewJobLease(db, { ...(dead as NonNullable<typeof dead>), ...lease })).toBe(false)
  })
})

describe('audit', () => {
  const event = {
    actor: 'alice',
    action: 'bucket.create',
    target: 'b',
    result: 'ok',
    address: null,
    requestId: null,
    details: { z: 1, a: { y: [2], b: null } },
  } as const

  it('chains events of a namespace in one order, however many append at once', async () => {
    const { namespaceId } = await createTestBucket(db)
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => appendAuditEvent(db, { ...event, namespaceId, target: String(index) })),
    )
    expect(await listAuditEvents(db, { namespaceId, before: null, limit: 100 })).toHaveLength(20)
    expect(await findAuditBreak(db, { namespaceId })).toBeNull()
  })

  it('shows a changed, a removed and a cut-off event', async () => {
    const changes = [
      "update audit_events set actor = 'mallory' where id = $1",
      'delete from audit_events where id = $1',
    ]
    for (const text of changes) {
      const { namespaceId } = await createTestBucket(db)
      const events = []
      for (let index = 0; index < 3; index++) events.push(await appendAuditEvent(db, { ...event, namespaceId }))
      await db.query({ name: text.slice(0, 20), text, values: [events[1]?.id] })
      expect(await findAuditBreak(db, { namespaceId })).toBe(text.startsWith('delete') ? events[2]?.id : events[1]?.id)
    }
    const { namespaceId } = await createTestBucket(db)
    const last = await appendAuditEvent(db, { ...event, namespaceId })
    await db.query({ name: 'cut-audit', text: 'delete from audit_events where id = $1', values: [last.id] })
    expect(await findAuditBreak(db, { namespaceId })).toBe('end')
  })

  it('keeps events of the whole service in a chain of their own', async () => {
    await appendAuditEvent(db, { ...event, namespaceId: null })
    expect(await listAuditEvents(db, { namespaceId: null, before: null, limit: 10 })).toMatchObject([
      { actor: 'alice', details: event.details },
    ])
    expect(await findAuditBreak(db, { namespaceId: null })).toBeNull()
  })
})

describe('activities', () => {
  it('add up what is done, and stay as they ended', async () => {
    const { namespaceId } = await createTestBucket(db)
    const activity = {
      id: newId(),
      namespaceId,
      kind: 'delete-objects',
      startedBy: null,
      totalCount: 5,
      input: { keys: ['a'] },
    }
    expect(await insertActivity(db, activity)).toMatchObject({ ...activity, state: 'running', doneCount: 0 })
    await reportActivity(db, { id: activity.id, doneCount: 2 })
    await reportActivity(db, { id: activity.id, doneCount: 3 })
    await finishActivity(db, { id: activity.id, state: 'done', notice: null })
    await reportActivity(db, { id: activity.id, doneCount: 9 })
    await finishActivity(db, { id: activity.id, state: 'failed', notice: { code: 'keys-destroyed', values: {} } })
    expect(await findActivity(db, { namespaceId, id: activity.id })).toMatchObject({
      state: 'done',
      doneCount: 5,
      message: null,
    })
    expect(await findActivity(db, { namespaceId: newId(), id: activity.id })).toBeNull()
    expect(await listActivities(db, { namespaceId, before: null, limit: 10 })).toMatchObject([{ id: activity.id }])
    expect(await listActivities(db, { namespaceId, before: activity.id, limit: 10 })).toEqual([])
  })

  it('that fell silent go to one of those who claim them', async () => {
    const { namespaceId } = await createTestBucket(db)
    const { id } = await insertActivity(db, {
      id: newId(),
      namespaceId,
      kind: 'delete-objects',
      startedBy: null,
      totalCount: null,
      input: {},
    })
    expect(await claimStaleActivities(db, { silentSince: new Date(Date.now() - 60_000) })).toEqual([])
    await db.query({
      name: 'silence',
      text: `update activities set updated_at = now() - interval '1 hour' where id = $1`,
      values: [id],
    })
    const claims = await Promise.all(
      Array.from({ length: 4 }, () => claimStaleActivities(db, { silentSince: new Date(Date.now() - 60_000) })),
    )
    expect(claims.flat().map((activity) => activity.id)).toEqual([id])
  })
})
