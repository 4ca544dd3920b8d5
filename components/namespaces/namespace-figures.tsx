'use client'
import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { ByteSize } from '#components/shared/byte-size.tsx'
import { RelativeTime } from '#components/shared/relative-time.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import type { Namespace } from '#lib/schemas/namespaces.ts'

export function NamespaceFigures({ namespace }: { namespace: Namespace }) {
  const t = useTranslations()
  const format = useFormat()
  return (
    <dl className="flex flex-wrap gap-x-8 gap-y-3">
      <Figure label={t('namespaces.buckets')}>{format.count(namespace.bucketCount)}</Figure>
      <Figure label={t('namespaces.objects')}>{format.count(namespace.objectCount)}</Figure>
      <Figure label={t('common.size')}>
        <ByteSize bytes={namespace.sizeBytes} />
      </Figure>
      <Figure label={t('namespaces.created')}>
        <RelativeTime iso={namespace.createdAt} />
      </Figure>
    </dl>
  )
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid gap-0.5">
      <dt className="text-ink-soft text-xs">{label}</dt>
      <dd className="font-medium tabular-nums">{children}</dd>
    </div>
  )
}
