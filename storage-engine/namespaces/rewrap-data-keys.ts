import { setTimeout as sleep } from 'node:timers/promises'
import type { SecondKeyName } from '#storage-engine/crypto/keyring.ts'
import { SealBrokenError } from '#storage-engine/crypto/seal-broken-error.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { listBuckets } from '#storage-engine/metadata/buckets.ts'
import {
  listNamedKeyMaterial,
  type OutdatedDataKey,
  pageOutdatedUploads,
  pageOutdatedVersions,
  type RewrappedVersion,
  saveRewrappedNamedKey,
  saveRewrappedUpload,
  saveRewrappedVersions,
  type VersionPlace,
} from '#storage-engine/metadata/data-keys.ts'
import { finishKeyRewrap, type KeyRewrap, reportKeyRewrap } from '#storage-engine/metadata/key-rewraps.ts'
import { loadNamespaceKeys } from '#storage-engine/metadata/namespace-keys.ts'
import type { Notice } from '#storage-engine/notice.ts'

const PAGE_SIZE = 500
const BUCKETS_PAGE = 1000
/** Between two pages, so that clients' requests go first: at most 20,000 keys a second. */
const PAUSE_MS = 25
const FIRST_ID = '00000000-0000-0000-0000-000000000000'

interface Pass {
  engine: Engine
  rewrap: KeyRewrap
  /** The newest version, to which everything goes, and the epoch since which it is that. */
  version: number
  keyEpoch: number
  signal: AbortSignal
  /** Keys that were outdated when this pass came by. */
  seenCount: number
  /** Keys that opened for nobody. */
  brokenCount: number
}

/**
 * Wraps the data keys of a namespace under its newest key until a whole pass finds none that is not. Begins anew after a
 * crash, which costs a look at what is done already. Only keys are written, by compare-and-swap.
 */
export async function rewrapDataKeys(
  engine: Engine,
  rewrap: KeyRewrap,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const { namespaceId, id } = rewrap
  for (;;) {
    const { epoch: keyEpoch, rows } = await loadNamespaceKeys(engine.db, { namespaceId })
    const version = rows.find(({ state }) => state === 'active')?.version
    if (version === undefined) {
      return finishKeyRewrap(engine.db, { id, state: 'failed', notice: { code: 'keys-destroyed', values: {} } })
    }
    const pass: Pass = { engine, rewrap, version, keyEpoch, signal, seenCount: 0, brokenCount: 0 }
    await rewrapNamedKeys(pass)
    await rewrapUploads(pass)
    await rewrapVersions(pass)
    if (signal.aborted) return
    if (pass.seenCount > pass.brokenCount) continue
    if (pass.brokenCount === 0) return finishKeyRewrap(engine.db, { id, state: 'done', notice: null })
    const notice: Notice = { code: 'keys-unreadable', values: { count: pass.brokenCount } }
    return finishKeyRewrap(engine.db, { id, state: 'failed', notice })
  }
}

async function rewrapNamedKeys(pass: Pass): Promise<void> {
  const { engine, version } = pass
  const { namespaceId } = pass.rewrap
  for (const { wrapped, ...row } of await listNamedKeyMaterial(engine.db, { namespaceId })) {
    const rewrapped = await tryRewrap(pass, () =>
      engine.keyring.rewrapNamedKey({
        namespaceId,
        keyId: row.keyId,
        version: row.version,
        keyEpoch: pass.keyEpoch,
        wrapped,
      }),
    )
    if (rewrapped === null || rewrapped.namespaceKeyVersion !== version) continue
    const isSaved = await saveRewrappedNamedKey(engine.db, { ...row, wrapped, rewrapped: rewrapped.wrapped })
    await report(pass, isSaved ? 1 : 0)
  }
}

async function rewrapUploads(pass: Pass): Promise<void> {
  const { engine, version } = pass
  const { namespaceId } = pass.rewrap
  for (let afterId = FIRST_ID; !pass.signal.aborted; ) {
    const page = await pageOutdatedUploads(engine.db, { namespaceId, version, afterId, limit: PAGE_SIZE })
    let savedCount = 0
    for (const upload of page) {
      const rewrapped = await rewrapOne(pass, upload)
      if (rewrapped === null) continue
      const { versionId, wrapped } = upload
      if (await saveRewrappedUpload(engine.db, { versionId, version, wrapped, rewrapped })) savedCount++
    }
    await report(pass, savedCount)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_SIZE) return
    afterId = last.versionId
  }
}

async function rewrapVersions(pass: Pass): Promise<void> {
  const { namespaceId } = pass.rewrap
  for (let after = ''; !pass.signal.aborted; ) {
    const page = await listBuckets(pass.engine.db, { namespaceId, prefix: '', after, limit: BUCKETS_PAGE })
    for (const { id } of page) await rewrapBucket(pass, id)
    const last = page.at(-1)
    if (last === undefined || page.length < BUCKETS_PAGE) return
    after = last.name
  }
}

async function rewrapBucket(pass: Pass, bucketId: string): Promise<void> {
  const { engine, version, signal } = pass
  for (let after: VersionPlace | null = null; !signal.aborted; ) {
    const page = await pageOutdatedVersions(engine.db, { bucketId, version, after, limit: PAGE_SIZE })
    const keys: RewrappedVersion[] = []
    for (const row of page.outdated) {
      const rewrapped = await rewrapOne(pass, row)
      if (rewrapped !== null) keys.push({ ...row, rewrapped })
    }
    if (keys.length > 0) await report(pass, await saveRewrappedVersions(engine.db, { version, keys }))
    if (page.end === null) return
    after = page.end
    await sleep(PAUSE_MS)
  }
}

async function rewrapOne(pass: Pass, row: OutdatedDataKey): Promise<Buffer | null> {
  const { bucketId, versionId, wrapped, encryption } = row
  const place = { namespaceId: pass.rewrap.namespaceId, bucketId, versionId, second: secondKeyOf(encryption) }
  const made = await tryRewrap(pass, () =>
    pass.engine.keyring.rewrapDataKey({ ...place, wrapped, keyEpoch: pass.keyEpoch }),
  )
  // When there is a younger version by now, the next pass is for that one.
  return made?.namespaceKeyVersion === pass.version ? made.wrapped : null
}

/** A key that does not open is counted and left, so that one damaged row does not hold up all the others. */
async function tryRewrap<Rewrapped>(pass: Pass, work: () => Promise<Rewrapped | null>): Promise<Rewrapped | null> {
  try {
    const rewrapped = await work()
    if (rewrapped !== null) pass.seenCount++
    return rewrapped
  } catch (error) {
    if (!(error instanceof SealBrokenError)) throw error
    pass.seenCount++
    pass.brokenCount++
    return null
  }
}

function report({ engine, rewrap }: Pass, addedCount: number): Promise<void> {
  return reportKeyRewrap(engine.db, { id: rewrap.id, addedCount })
}

/** Which second key a data key has, as the settings of its version say. */
function secondKeyOf(encryption: OutdatedDataKey['encryption']): SecondKeyName | null {
  if (encryption?.kind === 'customer') return { kind: 'customer' }
  if (encryption?.kind !== 'kms') return null
  const { keyId, keyVersion: version, context = null } = encryption
  return { kind: 'named', keyId, version, encryptionContext: context }
}
