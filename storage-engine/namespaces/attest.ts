import { createHash, type Hash } from 'node:crypto'
import { rootKeyOf } from '#storage-engine/crypto/root-record.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StorageError } from '#storage-engine/errors.ts'
import {
  type AttestedBlob,
  type BlobSum,
  countDataKeys,
  listAttestedBlobs,
  readSnapshot,
  sumGarbage,
  sumOpenUploads,
} from '#storage-engine/metadata/attested-blobs.ts'
import type { Queryable } from '#storage-engine/metadata/database.ts'
import { findInstallation, type Installation } from '#storage-engine/metadata/installation.ts'
import { listNamespacesWithUsage, type NamespaceWithUsage } from '#storage-engine/metadata/namespaces.ts'
import { CIPHER } from '#storage-engine/objects/write-body.ts'

/** Specified in docs/formats/attestation.md. */
export const ATTESTATION_FORMAT = 'sceau-attestation-1'
const ALGORITHMS: Record<number, string> = {
  [CIPHER.plain]: 'none',
  [CIPHER.floe]: 'FLOE (AES-256-GCM, HKDF-Expand-SHA-384)',
}
const BLOBS_PAGE = 5_000
const NAMESPACES_PAGE = 1_000

export interface AttestInput {
  /** Null for all of the installation. */
  namespace: string | null
  /** Takes the list of blobs, line by line, in the order in which the digests take them. */
  onBlob?: (line: string) => void | Promise<void>
}

/**
 * What the installation says of its encryption at one moment, counted blob by blob from one snapshot of the database with
 * bounded memory. To be signed. Throws NoSuchNamespace.
 */
export async function composeAttestation(engine: Engine, { namespace, onBlob }: AttestInput) {
  const statedAt = new Date().toISOString()
  return readSnapshot(engine.db, async (tx) => {
    const { clusterId, keyCanary } = (await findInstallation(tx)) as Installation
    const wanted = (await listAllNamespaces(tx)).filter(({ name }) => namespace === null || name === namespace)
    if (namespace !== null && wanted.length === 0) throw new StorageError('NoSuchNamespace')
    const ledger = await countBlobs(tx, { namespaces: wanted, ...(onBlob === undefined ? {} : { onBlob }) })
    const [openUploads, garbage, dataKeys] = [await sumOpenUploads(tx), await sumGarbage(tx), await countDataKeys(tx)]
    return {
      format: ATTESTATION_FORMAT,
      clusterId,
      statedAt,
      scope: namespace === null ? ('installation' as const) : ('namespace' as const),
      rootKey: { provider: engine.config.rootProvider, ...rootKeyOf(keyCanary) },
      namespaces: wanted.map((each) => {
        const { blobs, list } = ledger.close(each.id)
        return {
          id: each.id,
          name: each.name,
          mode: each.encryptionMode,
          state: stateOf(each, blobs),
          objects: each.coverage,
          dataKeys: dataKeys
            .filter(({ namespaceId }) => namespaceId === each.id)
            .map(({ namespaceKeyVersion, count }) => ({ namespaceKeyVersion, count })),
          blobs,
          openUploads: sumsOf(openUploads, each.id),
          garbage: sumsOf(garbage, each.id),
          list,
        }
      }),
    }
  })
}

async function listAllNamespaces(tx: Queryable): Promise<NamespaceWithUsage[]> {
  const all: NamespaceWithUsage[] = []
  for (let afterName = ''; ; afterName = (all.at(-1) as NamespaceWithUsage).name) {
    const page = await listNamespacesWithUsage(tx, { search: '', afterName, limit: NAMESPACES_PAGE })
    all.push(...page)
    if (page.length < NAMESPACES_PAGE) return all
  }
}

/** Counts and digests of all blobs, by namespace: one pass over their rows in the order of their ids. */
async function countBlobs(
  tx: Queryable,
  { namespaces, onBlob }: { namespaces: NamespaceWithUsage[]; onBlob?: (line: string) => void | Promise<void> },
) {
  const entries = new Map(namespaces.map(({ id }) => [id, { hash: createHash('sha256'), count: 0, sums: newSums() }]))
  for (let after = ''; ; ) {
    const page = await listAttestedBlobs(tx, { after, limit: BLOBS_PAGE })
    for (const blob of page) {
      const entry = entries.get(blob.namespaceId)
      if (entry === undefined) continue
      const line = addBlob(entry.hash, blob)
      entry.count++
      addTo(entry.sums, blob)
      const taken = onBlob?.(`${blob.namespaceId} ${line}`)
      if (taken instanceof Promise) await taken
    }
    if (page.length < BLOBS_PAGE) break
    after = (page.at(-1) as AttestedBlob).blobId
  }
  return {
    close(namespaceId: string) {
      const { hash, count, sums } = entries.get(namespaceId) as NonNullable<ReturnType<typeof entries.get>>
      return { blobs: [...sums.values()], list: { count, sha256: hash.digest('hex') } }
    },
  }
}

function newSums() {
  return new Map(
    Object.entries(ALGORITHMS).map(([cipher, algorithm]) => [
      Number(cipher),
      { cipher: Number(cipher), algorithm, count: 0, sizeBytes: 0, storedBytes: 0 },
    ]),
  )
}

function addTo(sums: ReturnType<typeof newSums>, { blobId, cipher, size, storedSize }: AttestedBlob): void {
  const sum = sums.get(cipher)
  if (sum === undefined) throw new Error(`Blob ${blobId} has the unknown cipher ${cipher}.`)
  sum.count++
  sum.sizeBytes += size
  sum.storedBytes += storedSize
}

/** Adds a blob to a namespace's digest; returns the line that stands for it. */
export function addBlob(
  hash: Hash,
  { blobId, cipher, storedSize }: Pick<AttestedBlob, 'blobId' | 'cipher' | 'storedSize'>,
): string {
  const line = `${blobId} ${cipher} ${storedSize}\n`
  hash.update(line)
  return line
}

/** By the blobs themselves: plain bytes count also when they are garbage, as long as they have not been removed. */
function stateOf(
  { encryptionMode }: NamespaceWithUsage,
  blobs: { cipher: number; sizeBytes: number; count: number }[],
) {
  const hasPlain = blobs.some(({ cipher, sizeBytes }) => cipher === CIPHER.plain && sizeBytes > 0)
  const hasSealed = blobs.some(({ cipher, count }) => cipher !== CIPHER.plain && count > 0)
  if (encryptionMode === 'on') return hasPlain ? ('on-new-data-only' as const) : ('on' as const)
  return hasSealed ? ('mixed' as const) : ('off' as const)
}

function sumsOf(sums: BlobSum[], wanted: string) {
  return sums
    .filter(({ namespaceId }) => namespaceId === wanted)
    .map(({ cipher, count, sizeBytes }) => ({ cipher, count, sizeBytes }))
    .sort((a, b) => a.cipher - b.cipher)
}
