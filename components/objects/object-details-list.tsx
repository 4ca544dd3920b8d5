'use client'
import { KeyRound } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { CopyButton } from '#components/shared/copy-button.tsx'
import { SealedBadge } from '#components/shared/encryption-badge.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { Badge } from '#components/ui/badge.tsx'
import { visibleName } from '#lib/format.ts'
import type { ObjectDetails } from '#lib/schemas/objects.ts'

/** Everything known of an object that a person may have to compare or quote. */
export function ObjectDetailsList({ details }: { details: ObjectDetails }) {
  const t = useTranslations()
  const format = useFormat()
  const { checksum, encryption, versionId, partCount, systemHeaders, userMetadata } = details
  return (
    <dl className="grid gap-4">
      <Fact label={t('objects.fullKey')} mono copy={details.key}>
        {visibleName(details.key)}
      </Fact>
      <Fact label={t('common.size')}>
        {format.bytes(details.size)}
        {details.size >= 1024 && <span className="text-ink-soft"> ({format.exactBytes(details.size)})</span>}
      </Fact>
      <Fact label={t('objects.modified')}>{format.absolute(new Date(details.lastModified))}</Fact>
      <Fact label={t('objects.contentType')} mono>
        {details.contentType}
      </Fact>
      <EncryptionFact encryption={encryption} />
      <Fact label={t('objects.etag')} mono copy={details.etag}>
        {details.etag}
      </Fact>
      {checksum !== null && (
        <Fact label={`${t('objects.checksum')} ${checksum.algorithm}`} mono copy={checksum.value}>
          {checksum.value}{' '}
          <span className="font-sans text-ink-soft">
            ({t(checksum.type === 'COMPOSITE' ? 'objects.checksumComposite' : 'objects.checksumFull')})
          </span>
        </Fact>
      )}
      {partCount !== null && <Fact label={t('objects.parts')}>{format.count(partCount)}</Fact>}
      {versionId !== null && (
        <Fact label={t('objects.version')} mono copy={versionId}>
          {versionId}
        </Fact>
      )}
      <Pairs label={t('objects.headers')} pairs={systemHeaders} />
      <Pairs label={t('objects.metadata')} pairs={userMetadata} empty={t('objects.noMetadata')} />
    </dl>
  )
}

function EncryptionFact({ encryption }: Pick<ObjectDetails, 'encryption'>) {
  const t = useTranslations()
  const { sealed, algorithm, namespaceKeyVersion, keyKind, keyName } = encryption
  return (
    <Fact label={t('buckets.encryption')}>
      <span className="flex flex-wrap items-center gap-2">
        <SealedBadge sealed={sealed} />
        {keyKind !== null && keyKind !== 'namespace' && (
          <Badge tone="accent">
            <KeyRound aria-hidden />
            {t(`objects.keyKind.${keyKind}`)}
          </Badge>
        )}
        {algorithm !== null && <span>{algorithm}</span>}
      </span>
      {namespaceKeyVersion !== null && (
        <span className="mt-1 block text-ink-soft text-xs">
          {t('objects.keyVersion', { version: String(namespaceKeyVersion) })}
        </span>
      )}
      {keyKind === 'customer' && (
        <span className="block text-pretty text-ink-soft text-xs">{t('objects.customerKey')}</span>
      )}
      {keyName !== null && (
        <span className="block break-all text-ink-soft text-xs">{t('objects.namedKey', { name: keyName })}</span>
      )}
    </Fact>
  )
}

interface FactProps {
  label: string
  mono?: boolean
  /** Offered to the clipboard. */
  copy?: string
  children: ReactNode
}

function Fact({ label, mono = false, copy, children }: FactProps) {
  const t = useTranslations('objects')
  return (
    <div className="grid gap-0.5">
      <dt className="text-ink-soft text-xs">{label}</dt>
      <dd className="flex items-start justify-between gap-2">
        <div className={mono ? 'min-w-0 break-all font-mono text-xs leading-5' : 'min-w-0'}>{children}</div>
        {copy !== undefined && (
          <div className="-my-1.5 shrink-0">
            <CopyButton text={copy} label={t('copyValue', { name: label })} />
          </div>
        )}
      </dd>
    </div>
  )
}

function Pairs({ label, pairs, empty }: { label: string; pairs: Record<string, string>; empty?: string }) {
  const entries = Object.entries(pairs)
  if (entries.length === 0 && empty === undefined) return null
  return (
    <Fact label={label}>
      {entries.length === 0 && <span className="text-ink-soft">{empty}</span>}
      {entries.map(([name, value]) => (
        <div key={name} className="break-all font-mono text-xs leading-5">
          <span className="text-ink-soft">{name}:</span> {visibleName(value)}
        </div>
      ))}
    </Fact>
  )
}
