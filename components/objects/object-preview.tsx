'use client'
import { useQuery } from '@tanstack/react-query'
import { EyeOff, KeyRound } from 'lucide-react'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { IMAGE_BYTES_MAX, indentJson, previewKindOf, TEXT_BYTES_MAX } from '#components/objects/preview-kind.ts'
import { type BucketAddress, objectTextQuery } from '#components/objects/queries.ts'
import { EmptyState } from '#components/shared/empty-state.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { useFormat } from '#components/shared/use-format.ts'
import { Skeleton } from '#components/ui/skeleton.tsx'
import { visibleName } from '#lib/format.ts'
import type { ObjectDetails } from '#lib/schemas/objects.ts'
import { objectDataUrl } from '#lib/schemas/transfers.ts'

interface ObjectPreviewProps {
  address: BucketAddress
  object: ObjectDetails
}

/** Shows, never runs: a raster image, or text as text. */
export function ObjectPreview({ address, object }: ObjectPreviewProps) {
  const t = useTranslations('preview')
  const format = useFormat()
  const kind = previewKindOf(object)
  if (object.size === 0) return <p className="text-ink-soft">{t('empty')}</p>
  if (object.encryption.keyKind === 'customer')
    return <EmptyState icon={<KeyRound />} title={t('customerKey')} text={t('customerKeyText')} />
  if (kind === 'image') return <ImagePreview address={address} object={object} />
  if (kind === 'text' || kind === 'json')
    return <TextPreview address={address} object={object} indent={kind === 'json'} />
  if (kind === 'image-too-large') {
    return (
      <EmptyState
        icon={<EyeOff />}
        title={t('tooLarge')}
        text={t('tooLargeText', { size: format.bytes(IMAGE_BYTES_MAX) })}
      />
    )
  }
  return <EmptyState icon={<EyeOff />} title={t('none')} text={t('noneText')} />
}

function ImagePreview({ address, object }: ObjectPreviewProps) {
  const t = useTranslations('preview')
  const [failed, setFailed] = useState(false)
  if (failed) return <EmptyState icon={<EyeOff />} title={t('failed')} text={t('noneText')} />
  return (
    <div className="flex items-center justify-center rounded-xl bg-sunken p-3 ring-1 ring-line ring-inset">
      {/* biome-ignore lint/performance/noImgElement: the bytes are a tenant's object, not an asset to be optimized */}
      <img
        src={objectDataUrl({ ...address, key: object.key }, 'inline')}
        alt={t('image', { name: visibleName(object.name) })}
        onError={() => setFailed(true)}
        className="max-h-[60dvh] max-w-full rounded-md object-contain"
      />
    </div>
  )
}

function TextPreview({ address, object, indent }: ObjectPreviewProps & { indent: boolean }) {
  const t = useTranslations('preview')
  const format = useFormat()
  const query = useQuery(objectTextQuery(address, object, TEXT_BYTES_MAX))
  if (query.error !== null) return <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
  if (query.data === undefined) return <Skeleton className="h-64" />
  const whole = object.size <= TEXT_BYTES_MAX
  return (
    <div className="grid gap-2">
      {!whole && (
        <p className="text-ink-soft text-xs">
          {t('partial', { shown: format.bytes(TEXT_BYTES_MAX), size: format.bytes(object.size) })}
        </p>
      )}
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label={t('text', { name: visibleName(object.name) })}
        className="max-h-[65dvh] overflow-auto rounded-xl bg-sunken p-3.5 ring-1 ring-line ring-inset"
      >
        <pre className="whitespace-pre-wrap break-words font-mono text-xs leading-5">
          {indent && whole ? indentJson(query.data) : query.data}
        </pre>
      </section>
    </div>
  )
}
