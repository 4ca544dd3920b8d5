import { queryOptions } from '@tanstack/react-query'
import { fetchJson } from '#lib/fetch-json.ts'
import {
  type ChangeRootKeysInput,
  type InstallationEncryption,
  installationEncryptionSchema,
} from '#lib/schemas/installation-encryption.ts'

const BASE_URL = '/api/v1/admin/encryption'
/** While everything is wrapped again, which is counted record by record. */
const PROGRESS_MS = 3_000

/** Where the attestation of the whole service is got. */
export const ATTESTATION_URL = `${BASE_URL}/attestation`

export const rootKeyQueryKeys = { all: ['root-keys'] as const, status: ['root-keys', 'status'] as const }

export function installationEncryptionQuery() {
  return queryOptions({
    queryKey: rootKeyQueryKeys.status,
    queryFn: ({ signal }) => fetchJson(BASE_URL, { schema: installationEncryptionSchema, signal }),
    refetchInterval: ({ state }) => (state.data?.rotation?.state === 'running' ? PROGRESS_MS : false),
  })
}

export function changeRootKeys(input: ChangeRootKeysInput): Promise<InstallationEncryption> {
  return fetchJson(`${BASE_URL}/rotation`, { method: 'POST', body: input, schema: installationEncryptionSchema })
}
