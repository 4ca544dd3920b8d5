import { afterEach, beforeEach, expect, it } from 'vitest'
import { checkNotification } from '#storage-engine/buckets/check-notification.ts'
import { endRestores } from '#storage-engine/jobs/end-restores.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { webhookArn } from '#storage-engine/namespaces/webhook-arn.ts'
import type { ObjectSettings } from '#storage-engine/object-settings.ts'
import { startTestLifecycle, type TestLifecycle } from '#storage-engine/testing/start-test-lifecycle.ts'

let lifecycle: TestLifecycle

beforeEach(async () => {
  lifecycle = await startTestLifecycle()
})

afterEach(() => lifecycle.stop())

const run = () => endRestores(lifecycle.engine, { signal: new AbortController().signal })
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

async function settingsOf(key: string): Promise<ObjectSettings | null> {
  const text = 'select settings from object_versions where key = $1'
  const [row] = await lifecycle.engine.db.query<{ settings: ObjectSettings | null }>({
    name: 'settings',
    text,
    values: [key],
  })
  return row?.settings ?? null
}

it('ends restores whose time is over, tells who wants to know, and keeps all else', async () => {
  const { namespaceName: name } = lifecycle.bucket()
  const arn = webhookArn({ kind: 'queue', region: 'us-east-1', namespaceName: name, name: 'hook' })
  const given = [{ id: 'c', kind: 'queue' as const, arn, events: ['s3:ObjectRestore:*'] }]
  const value = checkNotification(lifecycle.bucket(), given)
  await setBucketSetting(lifecycle.engine.db, { bucketId: lifecycle.bucket().id, name: 'notification', value })
  await lifecycle.write('over', { settings: { storageClass: 'FROZEN', restoredUntil: inDays(-1), tags: [['k', 'v']] } })
  await lifecycle.write('running', { settings: { storageClass: 'FROZEN', restoredUntil: inDays(1) } })
  await lifecycle.write('archived', { settings: { storageClass: 'FROZEN' } })
  expect(await run()).toBe('1 restores ended')
  expect(await settingsOf('over')).toEqual({ storageClass: 'FROZEN', tags: [['k', 'v']] })
  expect((await settingsOf('running'))?.restoredUntil).toBeDefined()
  const text = 'select event_name as name, key from events order by id'
  const events = await lifecycle.engine.db.query({ name: 'events', text, values: [] })
  expect(events).toEqual([{ name: 'ObjectRestore:Delete', key: 'over' }])
  expect(await run()).toBe('0 restores ended')
})
