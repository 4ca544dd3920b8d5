'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'use-intl'
import { AttestationCard } from '#components/encryption/attestation-card.tsx'
import { HistoryCard } from '#components/encryption/history-card.tsx'
import { AttestationKey } from '#components/root-keys/attestation-key.tsx'
import { NamespaceCoverage } from '#components/root-keys/namespace-coverage.tsx'
import { ProviderCard } from '#components/root-keys/provider-card.tsx'
import { ATTESTATION_URL, installationEncryptionQuery } from '#components/root-keys/queries.ts'
import { RootKeysCard } from '#components/root-keys/root-keys-card.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { PageHeader } from '#components/shared/page-header.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

/** Encryption at rest of the whole service: the root key above all, and how far it reaches. */
export function RootKeysScreen() {
  const t = useTranslations('rootKeys')
  const { data, error, isPending, refetch } = useQuery(installationEncryptionQuery())
  return (
    <>
      <PageHeader title={t('title')} lead={t('lead')} />
      <div className="grid gap-3 xl:grid-cols-[minmax(0,1.75fr)_minmax(20rem,1fr)]">
        <div className="grid min-w-0 content-start gap-3">
          {error !== null && data === undefined && <ErrorPanel error={error} onRetry={() => void refetch()} />}
          {isPending && <Skeleton className="h-72" />}
          {data !== undefined && (
            <>
              <ProviderCard provider={data.provider} fips={data.fips} />
              <RootKeysCard installation={data} />
            </>
          )}
          <NamespaceCoverage />
        </div>
        <div className="grid min-w-0 content-start gap-3">
          <AttestationCard url={ATTESTATION_URL} fileName="attestation.json" scope="service" />
          {data?.attestation && <AttestationKey signingKey={data.attestation} />}
          <HistoryCard namespace={null} />
        </div>
      </div>
    </>
  )
}
