import { createHash } from 'node:crypto'
import { inspectNode } from '#storage-engine/blobs/pool/inspect-node.ts'
import { createFloeFrame, type FloeFrame } from '#storage-engine/crypto/floe-frame.ts'
import { addBlob } from '#storage-engine/namespaces/attest.ts'
import { CIPHER, formOf } from '#storage-engine/objects/write-body.ts'
import type { AttestedNamespace, ListedBlob, ReadAttestation } from '#storage-engine/verify-attestation.ts'

const FINDINGS_SHOWN_MAX = 1_000

export interface Finding {
  kind:
    | 'missing'
    | 'plain'
    | 'form'
    | 'size'
    | 'place'
    | 'damage'
    | 'foreign'
    | 'count'
    | 'digest'
    | 'signature'
    | 'tag'
  namespace: string | null
  blobId: string | null
  /** Node directory and place in it. */
  place: string | null
  reason: string
}

/** One line of the table. Blobs are counted once, however many copies there are. */
export interface NamespaceCount {
  namespace: string
  mode: 'on' | 'off'
  state: string
  attested: number
  found: number
  sealed: number
  plain: number
  /** Found, but not in the list: garbage whose row is gone, orphans, and what is younger than the attestation. */
  extra: number
  erased: number
}

export interface NodesReport {
  namespaces: NamespaceCount[]
  /** Blobs of namespaces that the attestation does not speak of. */
  others: number
  unfinishedFiles: number
  findings: Finding[]
  /** All of them; at most 1,000 are named. */
  findingCount: number
  notes: string[]
}

export interface VerifyNodesInput {
  attestation: ReadAttestation
  nodes: string[]
  /** Null when there is none: then counts and digests are compared. */
  list: Map<string, ListedBlob> | null
}

interface Tally extends NamespaceCount {
  attestedNamespace: AttestedNamespace
  /** By blob; kept for the digest, or to know what was found. */
  blobs: Map<string, { cipher: number; storedSize: number }>
  plainPlaces: { blobId: string; place: string }[]
}

/** Compares an attestation with the bytes on the nodes, of which every header and checksum is verified on the way. */
export async function verifyNodes({ attestation, nodes, list }: VerifyNodesInput): Promise<NodesReport> {
  const report: NodesReport = {
    namespaces: [],
    others: 0,
    unfinishedFiles: 0,
    findings: [],
    findingCount: 0,
    notes: [],
  }
  const tallies = new Map(attestation.namespaces.map((namespace) => [namespace.id, newTally(namespace)]))
  for (const node of nodes) await readNode({ node, attestation, list, tallies, report })
  for (const tally of tallies.values()) {
    if (list === null) compareDigest(report, tally)
    else reportMissing(report, tally, list)
    const { attestedNamespace, blobs, plainPlaces, ...counts } = tally
    report.namespaces.push(counts)
  }
  return report
}

export function addFinding(report: { findings: Finding[]; findingCount: number }, finding: Finding): void {
  report.findingCount++
  if (report.findings.length < FINDINGS_SHOWN_MAX) report.findings.push(finding)
}

function newTally(namespace: AttestedNamespace): Tally {
  const { name, mode, state, list } = namespace
  const counts = { found: 0, sealed: 0, plain: 0, extra: 0, erased: 0 }
  return {
    namespace: name,
    mode,
    state,
    attested: list.count,
    ...counts,
    attestedNamespace: namespace,
    blobs: new Map(),
    plainPlaces: [],
  }
}

interface Reading extends Omit<VerifyNodesInput, 'nodes'> {
  node: string
  tallies: Map<string, Tally>
  report: NodesReport
}

async function readNode(reading: Reading): Promise<void> {
  const { node, attestation, report } = reading
  const { clusterId } = attestation
  for await (const found of inspectNode({ path: node, clusterId, watch: createFloeFrame })) {
    const place = `${node}: ${found.place}`
    if (found.kind === 'unfinished-file') report.unfinishedFiles++
    else if (found.kind !== 'blob') {
      const kind = found.kind === 'foreign-file' ? 'foreign' : 'damage'
      addFinding(report, { kind, namespace: null, blobId: null, place, reason: found.reason })
    } else judgeBlob(reading, { ...found, place })
  }
}

const CIPHERS = Object.values(CIPHER)

interface FoundBlob {
  blobId: string
  owner: { namespaceId: string; form: number }
  storedSize: number
  writtenAt: number
  state: 'whole' | 'damaged' | 'erased'
  place: string
  watcher: FloeFrame
}

function judgeBlob(reading: Reading, found: FoundBlob): void {
  const { tallies, report, list } = reading
  const { blobId, owner, place, storedSize, state } = found
  const tally = tallies.get(owner.namespaceId)
  if (tally === undefined) {
    report.others++
    return
  }
  const listed = list?.get(blobId)
  const complain = (kind: Finding['kind'], reason: string) =>
    addFinding(report, { kind, namespace: tally.namespace, blobId, place, reason })
  if (state === 'erased' && listed === undefined) {
    tally.erased++
    return
  }
  if (state !== 'whole') {
    complain('damage', 'its checksums do not hold')
    return
  }
  const isSealed = found.watcher.isWhole()
  const cipher = CIPHERS.find((known) => formOf(known) === owner.form) ?? (isSealed ? CIPHER.floe : CIPHER.plain)
  if (owner.form > formOf(CIPHER.floe)) complain('form', `it says form ${owner.form}, which nothing writes`)
  if (cipher === CIPHER.floe && !isSealed) complain('form', 'it says that it is sealed, and is no FLOE message')
  if (listed !== undefined) compareWithList(complain, found, { listed, cipher })
  count(reading, tally, { found, cipher, isListed: listed !== undefined })
  if (cipher !== CIPHER.plain || storedSize === 0 || tally.mode === 'off') return
  if (list === null) tally.plainPlaces.push({ blobId, place })
  else if (listed === undefined) complain('plain', 'plain bytes of which the attestation knows nothing')
}

type Complain = (kind: Finding['kind'], reason: string) => void

function compareWithList(
  complain: Complain,
  { owner, storedSize }: FoundBlob,
  { listed, cipher }: { listed: ListedBlob; cipher: number },
): void {
  if (listed.namespaceId !== owner.namespaceId) complain('place', 'it belongs to another namespace than attested')
  if (listed.storedSize !== storedSize)
    complain('size', `it has ${storedSize} bytes, attested were ${listed.storedSize}`)
  if (listed.cipher === cipher) return
  if (cipher === CIPHER.plain) complain('plain', 'its bytes are plain, attested was that they are sealed')
  else complain('form', 'its bytes are sealed, attested was that they are plain')
}

function count(
  { list, attestation }: Reading,
  tally: Tally,
  { found, cipher, isListed }: { found: FoundBlob; cipher: number; isListed: boolean },
): void {
  const { blobId, storedSize, writtenAt } = found
  if (tally.blobs.has(blobId)) return
  const isYounger = !isListed && writtenAt > Date.parse(attestation.statedAt)
  if (list === null ? isYounger : !isListed) tally.extra++
  else {
    tally.found++
    tally.blobs.set(blobId, { cipher, storedSize })
  }
  if (cipher === CIPHER.plain) tally.plain++
  else tally.sealed++
}

function reportMissing(report: NodesReport, tally: Tally, list: Map<string, ListedBlob>): void {
  for (const [blobId, { namespaceId }] of list) {
    if (namespaceId !== tally.attestedNamespace.id || tally.blobs.has(blobId)) continue
    const { namespace } = tally
    addFinding(report, {
      kind: 'missing',
      namespace,
      blobId,
      place: null,
      reason: 'no whole copy of it is on any node',
    })
  }
}

/** Without the list: what is there must be what was counted, or more of it, of which nothing may be plain. */
function compareDigest(report: NodesReport, tally: Tally): void {
  const { namespace, attestedNamespace, blobs, found, attested, plainPlaces } = tally
  const complain = (kind: Finding['kind'], reason: string) =>
    addFinding(report, { kind, namespace, blobId: null, place: null, reason })
  const attestedPlain = attestedNamespace.blobs.find(({ cipher }) => cipher === CIPHER.plain)
  if (plainPlaces.length > (attestedPlain?.count ?? 0)) {
    for (const { blobId, place } of plainPlaces) {
      const reason = `plain bytes: ${plainPlaces.length} such blobs, attested were ${attestedPlain?.count ?? 0}`
      addFinding(report, { kind: 'plain', namespace, blobId, place, reason })
    }
  }
  if (digestOf(blobs) === attestedNamespace.list.sha256) return
  if (found < attested) complain('missing', `${found} blobs were found, attested were ${attested}`)
  else if (found === attested) complain('digest', 'as many blobs as attested were found, but not the same ones')
  else {
    report.notes.push(
      `${namespace}: ${found - attested} blobs more than attested, such as garbage; --list tells which, and that none is missing`,
    )
  }
}

function digestOf(blobs: Tally['blobs']): string {
  const hash = createHash('sha256')
  for (const blobId of [...blobs.keys()].sort()) {
    addBlob(hash, { blobId, ...(blobs.get(blobId) as { cipher: number; storedSize: number }) })
  }
  return hash.digest('hex')
}
