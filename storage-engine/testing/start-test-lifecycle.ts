import type { LifecycleRule } from '#storage-engine/bucket-settings.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { setBucketSetting, setBucketVersioning } from '#storage-engine/metadata/bucket-settings.ts'
import { type Bucket, findBucket } from '#storage-engine/metadata/buckets.ts'
import type { ObjectLock, ObjectSettings } from '#storage-engine/object-settings.ts'
import { currentOf, deleteObjects } from '#storage-engine/objects/delete-objects.ts'
import { createTestBucketIn, startTestEngine } from '#storage-engine/testing/test-engine.ts'
import { putTestObject } from '#storage-engine/testing/test-objects.ts'

interface Written {
  size?: number
  settings?: ObjectSettings | null
  lock?: ObjectLock | null
}

/** A bucket for lifecycle rules, in which time passes as a test wants it. */
export interface TestLifecycle {
  engine: Engine
  /** As it is now. */
  bucket(): Bucket
  refresh(): Promise<void>
  setRules(...rules: Partial<LifecycleRule>[]): Promise<void>
  setVersioning(versioning: 'enabled' | 'suspended'): Promise<void>
  write(key: string, written?: Written): Promise<void>
  /** Deletes as a client does. */
  remove(key: string): Promise<void>
  /** Makes all versions and uploads older. */
  age(days: number): Promise<void>
  /** Passes that are over count as yesterday's. */
  nextDay(): Promise<void>
  /** By key, current version first: `o` an object, `m` a marker, with its class unless it is STANDARD. */
  versions(): Promise<Record<string, string>>
  stop(): Promise<void>
}

/** Its storage classes are STANDARD, LUKEWARM and FROZEN. */
export async function startTestLifecycle(): Promise<TestLifecycle> {
  const { engine, stop } = await startTestEngine({ SCEAU_STORAGE_CLASSES: 'STANDARD,LUKEWARM,FROZEN' })
  const { db } = engine
  let bucket = await createTestBucketIn(engine)
  const execute = async (text: string, values: unknown[] = []) => {
    await db.query({ name: text.slice(0, 60), text, values })
  }
  const refresh = async () => {
    bucket = (await findBucket(db, { name: bucket.name })) as Bucket
  }
  return {
    engine,
    bucket: () => bucket,
    refresh,
    stop,
    async setRules(...rules) {
      const defaults = { isEnabled: true, filter: { form: 'filter' as const } }
      const whole = rules.map((rule, index) => ({ id: `rule-${index}`, ...defaults, ...rule }))
      await setBucketSetting(db, { bucketId: bucket.id, name: 'lifecycle', value: { rules: whole } })
      await refresh()
    },
    async setVersioning(versioning) {
      await setBucketVersioning(db, { bucketId: bucket.id, versioning })
      await refresh()
    },
    async write(key, { size = 1, settings = null, lock = null } = {}) {
      await putTestObject(engine, { bucket, key, body: Buffer.alloc(size), settings, lock })
    },
    async remove(key) {
      await deleteObjects(engine, { bucket, ownerId: bucket.ownerId, targets: [currentOf(key)] })
    },
    async age(days) {
      const interval = `${days} days`
      await execute('update object_versions set last_modified = last_modified - $1::interval', [interval])
      await execute('update uploads set created_at = created_at - $1::interval', [interval])
    },
    nextDay: () => execute(`update lifecycle_passes set as_of = as_of - interval '1 day'`),
    async versions() {
      const rows = await db.query<{ key: string; kinds: string }>({
        name: 'all-versions',
        text: `
select key, string_agg(case when is_delete_marker then 'm' else 'o' end || coalesce(':' || (settings ->> 'storageClass'), ''), ' ' order by noncurrent_order) as kinds
from object_versions where bucket_id = $1 group by key order by key`,
        values: [bucket.id],
      })
      return Object.fromEntries(rows.map(({ key, kinds }) => [key, kinds]))
    },
  }
}
