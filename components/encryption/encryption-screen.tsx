'use client'
import { useQuery } from '@tanstack/react-query'
import { AttestationCard } from '#components/encryption/attestation-card.tsx'
import { BucketCoverage } from '#components/encryption/bucket-coverage.tsx'
import { HistoryCard } from '#components/encryption/history-card.tsx'
import { MigrationCard } from '#components/encryption/migration-card.tsx'
import { NamespaceKeyCards } from '#components/encryption/namespace-key-cards.tsx'
import { namespaceEncryptionQuery, namespaceKeysQuery, signedDocumentUrl } from '#components/encryption/queries.ts'
import { ShredCard } from '#components/encryption/shred-card.tsx'
import { StatusCard } from '#components/encryption/status-card.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

/** Encryption at rest of one namespace: what it is, what it shall be, with which keys, and how to prove it. */
export function EncryptionScreen({ namespace }: { namespace: string }) {
  const { data: encryption, error, isPending, refetch } = useQuery(namespaceEncryptionQuery(namespace))
  const { data: keys } = useQuery(namespaceKeysQuery(namespace))
  const isDoomed = keys !== undefined && keys.shred !== null
  return (
    <div className="grid gap-3 xl:grid-cols-[minmax(0,1.75fr)_minmax(20rem,1fr)]">
      <div className="grid min-w-0 content-start gap-3">
        {isDoomed && <ShredCard namespace={namespace} />}
        {error !== null && encryption === undefined && <ErrorPanel error={error} onRetry={() => void refetch()} />}
        {isPending && <Skeleton className="h-56" />}
        {encryption !== undefined && (
          <>
            <StatusCard encryption={encryption} />
            <MigrationCard encryption={encryption} />
          </>
        )}
        <BucketCoverage namespace={namespace} migration={encryption?.migration ?? null} />
        <HistoryCard namespace={namespace} />
      </div>
      <div className="grid min-w-0 content-start gap-3">
        <NamespaceKeyCards namespace={namespace} />
        <AttestationCard
          url={signedDocumentUrl(namespace, 'attestation')}
          fileName={`${namespace}-attestation.json`}
          scope="namespace"
        />
        {!isDoomed && <ShredCard namespace={namespace} />}
      </div>
    </div>
  )
}
