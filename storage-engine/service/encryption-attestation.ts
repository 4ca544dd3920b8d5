import { type Actor, requireAdministrator } from '#storage-engine/accounts/actor.ts'
import { audited } from '#storage-engine/accounts/audited.ts'
import type { Engine } from '#storage-engine/engine.ts'
import { findNamespaceByName } from '#storage-engine/metadata/namespaces.ts'
import { type AttestInput, composeAttestation } from '#storage-engine/namespaces/attest.ts'
import { signDocument } from '#storage-engine/namespaces/sign-document.ts'

/**
 * A signed statement of what is sealed and what is not, of one namespace or of the installation (docs/formats/attestation.md):
 * sums and digests only, nothing of what tenants stored. Throws AccessDenied, NoSuchNamespace, ServiceUnavailable.
 */
export async function attest(engine: Engine, actor: Actor, input: AttestInput) {
  requireAdministrator(actor)
  const { namespace } = input
  const found = namespace === null ? null : await findNamespaceByName(engine.db, { name: namespace })
  const act = { namespaceId: found?.id ?? null, action: 'encryption.attest', target: namespace ?? 'installation' }
  return audited(engine, actor, act, async () => signDocument(engine, await composeAttestation(engine, input)))
}
