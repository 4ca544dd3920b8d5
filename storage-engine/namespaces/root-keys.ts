import { orUnavailable } from '#storage-engine/crypto/fail-closed.ts'
import type { RootKeyEntry, RootKeyName } from '#storage-engine/crypto/root-provider.ts'
import { rootKeyOf } from '#storage-engine/crypto/root-record.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import {
  findActiveRootKey,
  listRootKeys,
  lockRootKeys,
  markRootKey,
  noteActiveRootKey,
  type RootKeyRow,
} from '#storage-engine/metadata/root-keys.ts'
import { countRootWrapped } from '#storage-engine/metadata/root-wrapped.ts'
import { rewrapUnderRootKey } from '#storage-engine/namespaces/rewrap-under-root-key.ts'
import type { Notice } from '#storage-engine/notice.ts'

/** Any process may seal under an envelope of the root key before for 300 s (crypto/secret-sealer.ts), and half a minute to be sure. */
const ENVELOPE_MS = 330_000
/** Session tokens are with those who hold them, and nobody can wrap them again: 36 hours at most. */
const SESSION_MS = 129_600_000

/**
 * Makes a new root key, where the provider can, or takes notice of one that was made elsewhere. Everything that the root key
 * protects is then wrapped again by the jobs process; nobody has to wait, and no data is touched. Resolves to the active key.
 * Throws ServiceUnavailable, and what the provider throws.
 */
export async function rotateRootKey(engine: Engine): Promise<RootKeyName & { isNew: boolean }> {
  const { rootProvider, keyring, log } = engine
  const noted = await engine.db.transaction(async (tx) => {
    await lockRootKeys(tx)
    // Else the history would begin with the new key.
    const before = await activeOf(engine)
    const isNoticed = await noteActiveRootKey(tx, before)
    if (rootProvider.rotation === null) return { ...before, isNew: isNoticed }
    const made = await rootProvider.rotation.rotate()
    await noteActiveRootKey(tx, made)
    return { ...made, isNew: true }
  })
  keyring.forgetKeys()
  log.info({ id: noted.id, version: noted.version }, 'root key rotated')
  return noted
}

/** Takes notice of the root key that is active now, whoever made it. Resolves to whether something is to be wrapped again. */
export async function observeRootKey(engine: Engine): Promise<boolean> {
  const { db } = engine
  const active = await activeOf(engine)
  const noted = await findActiveRootKey(db)
  if (noted === null || noted.id !== active.id || noted.version !== active.version) {
    await db.transaction(async (tx) => {
      await lockRootKeys(tx)
      await noteActiveRootKey(tx, await activeOf(engine))
    })
    return true
  }
  return noted.rewrappedAt === null
}

/**
 * A pass under the active root key. It counts as the last one when it found nothing to do, and nobody could use an older key
 * any more when it began. Resolves to how many records were under another key.
 */
export async function rewrapOnce(engine: Engine, { signal }: { signal: AbortSignal }): Promise<number> {
  const noted = await findActiveRootKey(engine.db)
  if (noted === null) return 0
  const begunAt = Date.now()
  const active = await activeOf(engine)
  const count = await rewrapUnderRootKey(engine, { to: active, signal })
  const isSame = noted.id === active.id && noted.version === active.version
  const isSettled = noted.activeSince.getTime() + ENVELOPE_MS < begunAt
  if (isSame && isSettled && count === 0 && !signal.aborted) {
    await markRootKey(engine.db, { id: noted.id, version: noted.version, rewrappedAt: new Date() })
  }
  return count
}

function activeOf({ rootProvider }: Engine): Promise<RootKeyName> {
  return orUnavailable(() => rootProvider.active())
}

/** A root key that this installation has or had. */
export interface RootKeyState extends RootKeyName {
  state: 'active' | 'decrypt-only' | 'retired'
  createdAt: Date | null
  retiredAt: Date | null
  /** Records that open only with it: in Postgres and in the keystore. */
  wrappedCount: number
  /** When the last session token that it may protect ends; null of the active key and of retired ones. */
  neededUntil: Date | null
  rewrappedAt: Date | null
}

/**
 * Those that the provider has, the active one first, then the retired ones; each counted exactly. While the provider is out
 * of reach, those that it had when somebody looked last.
 */
export async function listRootKeyStates(engine: Engine): Promise<RootKeyState[]> {
  const [health, rows, counts] = await Promise.all([
    engine.findRootHealth(),
    listRootKeys(engine.db),
    countWrapped(engine),
  ])
  const entries = health.health === 'ok' ? await engine.rootProvider.list() : rows.flatMap(asNoted)
  const present = entries.map((entry): RootKeyState => {
    const row = rows.find((each) => isSame(each, entry))
    return {
      ...entry,
      createdAt: entry.createdAt ?? row?.activeSince ?? null,
      retiredAt: null,
      wrappedCount: counts.get(nameOf(entry)) ?? 0,
      neededUntil: entry.state === 'active' ? null : neededUntil(row),
      rewrappedAt: row?.rewrappedAt ?? null,
    }
  })
  const retired = rows.filter((row) => row.retiredAt !== null && !entries.some((entry) => isSame(entry, row)))
  return [
    ...present,
    ...retired.map(({ id, version, activeSince, retiredAt, rewrappedAt }): RootKeyState => {
      const wrappedCount = counts.get(nameOf({ id, version })) ?? 0
      return {
        id,
        version,
        state: 'retired',
        createdAt: activeSince,
        retiredAt,
        wrappedCount,
        neededUntil: null,
        rewrappedAt,
      }
    }),
  ]
}

/**
 * Takes a root key away, for good: what it wrapped, in any backup, opens no more. Throws NoSuchKeyVersion, KeyIsInUse (active, or
 * something opens only with it, or may: what, and until when), NotImplemented where only the provider's administrator can, and
 * what the provider throws.
 */
export async function retireRootKey(engine: Engine, name: RootKeyName): Promise<void> {
  const { db, rootProvider, keyring, log } = engine
  const { rotation } = rootProvider
  if (rotation === null) {
    throw new StorageError('NotImplemented', { message: `Root keys of ${rootProvider.location} are retired there.` })
  }
  await db.transaction(async (tx) => {
    await lockRootKeys(tx)
    const states = await listRootKeyStates(engine)
    const found = states.find((each) => isSame(each, name))
    if (found === undefined) throw new StorageError('NoSuchKeyVersion')
    if (found.state === 'retired') return
    expectRetirable(found, states[0])
    await rotation.retire(name)
    await markRootKey(tx, { id: found.id, version: found.version, retiredAt: new Date() })
  })
  keyring.forgetKeys()
  log.warn({ id: name.id, version: name.version }, 'root key retired')
}

function asNoted({ id, version, activeSince: createdAt, replacedAt, retiredAt }: RootKeyRow): RootKeyEntry[] {
  if (retiredAt !== null) return []
  return [{ id, version, state: replacedAt === null ? 'active' : 'decrypt-only', createdAt }]
}

function expectRetirable(key: RootKeyState, active: RootKeyState | undefined): void {
  if (key.state === 'active') {
    throw new StorageError('KeyIsInUse', { notice: { code: 'root-key-active', values: {} } })
  }
  if (key.wrappedCount > 0) {
    const count = key.wrappedCount
    const notice: Notice = { code: 'root-key-in-use', values: { count } }
    throw new StorageError('KeyIsInUse', { notice, extra: { Count: String(count) } })
  }
  if (!active?.rewrappedAt) {
    throw new StorageError('KeyIsInUse', { notice: { code: 'root-key-uncertain', values: {} } })
  }
  if (key.neededUntil !== null && key.neededUntil.getTime() > Date.now()) {
    const values = { until: key.neededUntil.toISOString() }
    throw new StorageError('KeyIsInUse', { notice: { code: 'root-key-needed-until', values } })
  }
}

function neededUntil(row: RootKeyRow | undefined): Date | null {
  return row?.replacedAt ? new Date(row.replacedAt.getTime() + ENVELOPE_MS + SESSION_MS) : null
}

async function countWrapped({ db, keystore }: Engine): Promise<Map<string, number>> {
  const counts = new Map((await countRootWrapped(db)).map(({ count, ...name }) => [nameOf(name), count]))
  for (const tokenId of await keystore.list()) {
    const record = await keystore.read(tokenId)
    if (record === null) continue
    const name = nameOf(rootKeyOf(record))
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

function isSame(one: RootKeyName, other: RootKeyName): boolean {
  return nameOf(one) === nameOf(other)
}

function nameOf({ id, version }: RootKeyName): string {
  return `${id.toLowerCase()} ${version}`
}
