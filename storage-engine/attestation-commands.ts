import fs from 'node:fs'
import { COMMAND_LINE } from '#storage-engine/command-line-actor.ts'
import type { Config } from '#storage-engine/config.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { StartupError } from '#storage-engine/errors.ts'
import type { Logger } from '#storage-engine/log.ts'
import { openSealedBlobs } from '#storage-engine/objects/open-blobs.ts'
import { attest } from '#storage-engine/service/encryption-attestation.ts'
import {
  readAttestation,
  readList,
  readPublicKey,
  readSignedFile,
  type SignedFile,
} from '#storage-engine/verify-attestation.ts'
import { addFinding, type NodesReport, verifyNodes } from '#storage-engine/verify-nodes.ts'
import { withInstallation } from '#storage-engine/with-installation.ts'

const FLUSH_LINES = 4_096

export interface AttestCommand {
  /** Null for all of the installation. */
  namespace: string | null
  /** File that gets the list of blobs; null for none. It must not exist. */
  list: string | null
}

/** Signs an attestation of a running installation. Throws StartupError. */
export async function runAttestCommand(config: Config, { log, ...command }: AttestCommand & { log: Logger }) {
  return withInstallation(config, log, async (engine) => {
    if (command.list === null) return attest(engine, COMMAND_LINE, { namespace: command.namespace })
    const list = createList(command.list)
    try {
      const document = await attest(engine, COMMAND_LINE, { namespace: command.namespace, onBlob: list.add })
      list.finish()
      return document
    } catch (error) {
      list.discard()
      throw error
    }
  })
}

function createList(file: string) {
  let lines: string[] = []
  let fd: number
  try {
    fd = fs.openSync(file, 'wx', 0o600)
  } catch (cause) {
    throw new StartupError(`Cannot write the list ${file}: ${(cause as Error).message}`, { cause })
  }
  function flush(): void {
    fs.writeFileSync(fd, lines.join(''))
    lines = []
  }
  return {
    add(line: string): void {
      lines.push(line)
      if (lines.length === FLUSH_LINES) flush()
    },
    finish(): void {
      flush()
      fs.fsyncSync(fd)
      fs.closeSync(fd)
    },
    discard: () => fs.rmSync(file, { force: true }),
  }
}

export interface VerifyCommand {
  attestation: string
  list: string | null
  /** Base64, or a file of it; null trusts the key that the attestation names. */
  publicKey: string | null
  /** Node directories; none for those of the settings. */
  nodes: string[]
  /** Whether to open every segment too, with database and root provider. */
  keys: boolean
}

export interface VerifyReport extends NodesReport {
  statedAt: string
  signature: { keyId: string; isValid: boolean; isTrusted: boolean }
  /** Null unless asked for. */
  tags: { opened: number; openedBytes: number; customerKey: number; keyAway: number; broken: number } | null
}

/** Compares an attestation with the bytes on the nodes. Throws StartupError for what cannot be compared at all. */
export async function runVerifyCommand(
  config: Config,
  { log, ...command }: VerifyCommand & { log: Logger },
): Promise<VerifyReport> {
  const publicKey = command.publicKey === null ? null : readPublicKey(command.publicKey)
  const attestation = readAttestation(command.attestation, publicKey)
  const { isSigned: isValid, signature, statedAt } = attestation
  const list = command.list === null ? null : await readList(command.list, attestation)
  const nodes = command.nodes.length > 0 ? command.nodes : config.nodes
  const report: VerifyReport = {
    statedAt,
    signature: { keyId: signature.keyId, isValid, isTrusted: isValid && publicKey !== null },
    ...(await verifyNodes({ attestation, nodes, list })),
    tags: null,
  }
  if (!isValid) {
    const reason =
      publicKey === null ? 'the document was changed' : 'the document was changed, or signed by another key'
    addFinding(report, { kind: 'signature', namespace: null, blobId: null, place: null, reason })
  } else if (publicKey === null) {
    report.notes.push('the signing key was not compared with one that you trust: give --public-key')
  }
  if (command.keys) report.tags = await withInstallation(config, log, (engine) => verifyTags(engine, report))
  return report
}

/** Whether the installation has signed a document, such as the record of a destruction. Throws StartupError. */
export function runVerifyDocument(input: { document: string; publicKey: string | null }): SignedFile {
  return readSignedFile(input.document, input.publicKey === null ? null : readPublicKey(input.publicKey))
}

export function formatSignedFile({ format, keyId, isSigned }: SignedFile): string {
  return `${format}: signature ${isSigned ? 'valid' : 'INVALID'}, of key ${keyId}\n`
}

async function verifyTags(engine: Engine, report: NodesReport): Promise<NonNullable<VerifyReport['tags']>> {
  const tags = { opened: 0, openedBytes: 0, customerKey: 0, keyAway: 0, broken: 0 }
  for await (const { result, bytes, blobId, versionId, reason } of openSealedBlobs(engine)) {
    if (result === 'opened') {
      tags.opened++
      tags.openedBytes += bytes
    } else if (result === 'customer-key') tags.customerKey++
    else if (result === 'key-away') tags.keyAway++
    else {
      tags.broken++
      const about = `it does not open for version ${versionId}: ${reason}`
      addFinding(report, { kind: 'tag', namespace: null, blobId, place: null, reason: about })
    }
  }
  return tags
}

/** A table of the namespaces, then what was found; the last line says how it ended. */
export function formatVerifyReport(report: VerifyReport): string {
  const { signature, statedAt, namespaces, findings, findingCount, notes, tags, others, unfinishedFiles } = report
  const trust = signature.isTrusted ? 'of the key you gave' : `of key ${signature.keyId}`
  const columns = ['namespace', 'state', 'attested', 'found', 'sealed', 'plain', 'extra', 'erased'] as const
  const rows = [columns.map(String), ...namespaces.map((row) => columns.map((column) => String(row[column])))]
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => (row[index] as string).length)))
  return [
    `Attestation of ${statedAt}, signature ${signature.isValid ? 'valid' : 'INVALID'}, ${trust}`,
    ...rows.map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] as number))
        .join('  ')
        .trimEnd(),
    ),
    ...(others > 0 ? [`${others} blobs belong to namespaces that the attestation does not speak of`] : []),
    ...(unfinishedFiles > 0 ? [`${unfinishedFiles} files were left by writes that never ended`] : []),
    ...(tags === null
      ? []
      : [
          `opened ${tags.opened} blobs (${tags.openedBytes} bytes); ${tags.customerKey} need a customer's key, ${tags.keyAway} a key that is away`,
        ]),
    ...notes.map((note) => `note: ${note}`),
    ...findings.map(({ kind, namespace, blobId, place, reason }) =>
      [`FOUND ${kind}`, namespace, blobId, place, reason].filter((part) => part !== null).join(': '),
    ),
    ...(findingCount > findings.length ? [`… and ${findingCount - findings.length} more`] : []),
    findingCount === 0
      ? 'The nodes hold what was attested.'
      : `${findingCount} findings: the nodes do not hold what was attested.`,
    '',
  ].join('\n')
}
