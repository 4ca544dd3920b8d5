import { afterEach, beforeEach, expect, test } from 'vitest'
import { applyLifecycle } from '#storage-engine/jobs/apply-lifecycle.ts'
import { transitionOperation } from '#storage-engine/jobs/lifecycle-log.ts'
import { setBucketSetting } from '#storage-engine/metadata/bucket-settings.ts'
import { createUpload } from '#storage-engine/objects/uploads.ts'
import { startTestLifecycle, type TestLifecycle } from '#storage-engine/testing/start-test-lifecycle.ts'

const signal = new AbortController().signal
let lifecycle: TestLifecycle

beforeEach(async () => {
  lifecycle = await startTestLifecycle()
})

afterEach(() => lifecycle.stop())

async function switchLoggingOn(): Promise<void> {
  const { engine, bucket, refresh } = lifecycle
  const value = { targetBucket: 'logs', targetPrefix: '' }
  await setBucketSetting(engine.db, { bucketId: bucket().id, name: 'logging', value })
  await refresh()
}

/** Operation, key and size of each record, in their order. */
async function records(): Promise<string[]> {
  const rows = await lifecycle.engine.db.query<{ lines: string; count: number }>({
    name: 'records',
    text: 'select lines, record_count as count from log_records order by id',
    values: [],
  })
  const lines = rows.flatMap(({ lines: text }) => text.trimEnd().split('\n'))
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(lines.length)
  return lines.map((line) => {
    const form =
      /^[0-9a-f]{64} \S+ \[[^\]]+\] - AmazonS3 [0-9A-F]{16} (\S+) (\S+) "-" - - - (\S+) - - "-" "-" \S+( -){8}$/
    const [, operation, key, size] = form.exec(line) ?? []
    return `${operation} ${key} ${size}`
  })
}

async function fill(): Promise<void> {
  await lifecycle.write('end/a', { size: 5 })
  await lifecycle.write('move/b', { size: 200_000 })
  const { bucket, engine } = lifecycle
  await createUpload(engine, {
    bucket: bucket(),
    key: 'end/upload',
    ownerId: bucket().ownerId,
    initiatorId: bucket().ownerId,
    contentType: 'text/plain',
    systemHeaders: null,
    userMetadata: null,
    checksum: null,
    settings: null,
    lock: null,
    encryption: { kind: 'default' },
  })
  await lifecycle.age(3)
  await lifecycle.setRules(
    { filter: { form: 'prefix', prefix: 'end/' }, expiration: { days: 1 }, abortUploadsAfterDays: 1 },
    { filter: { form: 'prefix', prefix: 'move/' }, transitions: [{ days: 1, storageClass: 'FROZEN' }] },
  )
}

test('what rules do to a bucket that is logged stands in its log', async () => {
  await switchLoggingOn()
  await fill()
  await applyLifecycle(lifecycle.engine, { signal })
  expect(await records()).toEqual([
    'S3.DELETE.UPLOAD end/upload -',
    'S3.EXPIRE.OBJECT end/a 5',
    'S3.TRANSITION_FROZEN.OBJECT move/b 200000',
  ])
})

test('a delete marker that a rule makes is told from a removal', async () => {
  await switchLoggingOn()
  await lifecycle.setVersioning('enabled')
  await lifecycle.write('a', { size: 5 })
  await lifecycle.age(3)
  await lifecycle.setRules({ expiration: { days: 1 } })
  await applyLifecycle(lifecycle.engine, { signal })
  expect(await records()).toEqual(['S3.CREATE.DELETEMARKER a 5'])
})

test('nothing is recorded of a bucket that is not logged', async () => {
  await fill()
  await applyLifecycle(lifecycle.engine, { signal })
  expect(await records()).toEqual([])
})

test.each([
  ['STANDARD_IA', 'S3.TRANSITION_SIA.OBJECT'],
  ['ONEZONE_IA', 'S3.TRANSITION_ZIA.OBJECT'],
  ['INTELLIGENT_TIERING', 'S3.TRANSITION_INT.OBJECT'],
  ['GLACIER_IR', 'S3.TRANSITION_GIR.OBJECT'],
  ['GLACIER', 'S3.TRANSITION.OBJECT'],
  ['DEEP_ARCHIVE', 'S3.TRANSITION_GDA.OBJECT'],
])('a move to %s is called %s, as in logs of S3 itself', (storageClass, operation) => {
  expect(transitionOperation(storageClass)).toBe(operation)
})
