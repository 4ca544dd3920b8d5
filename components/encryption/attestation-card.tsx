'use client'
import { Download, FileCheck2 } from 'lucide-react'
import { useTranslations } from 'use-intl'
import { DownloadDigest } from '#components/encryption/download-digest.tsx'
import { useDownload } from '#components/encryption/use-download.ts'
import { CopyButton } from '#components/shared/copy-button.tsx'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { Spinner } from '#components/ui/spinner.tsx'

interface AttestationCardProps {
  url: string
  fileName: string
  scope: 'namespace' | 'service'
}

/** A signed statement of what is encrypted, and how whoever receives it checks it. */
export function AttestationCard({ url, fileName, scope }: AttestationCardProps) {
  const t = useTranslations('protection.attestation')
  const download = useDownload(url, fileName)
  const command = `npm run verify -- --attestation ${fileName}`
  return (
    <Card className="grid gap-3 p-5">
      <h2 className="flex items-center gap-2 font-semibold">
        <FileCheck2 aria-hidden className="size-4 text-ink-soft" />
        {t('title')}
      </h2>
      <p className="text-pretty text-ink-soft">{t(`${scope}Text`)}</p>
      <Button className="w-fit" disabled={download.isPending} onClick={() => download.mutate()}>
        {download.isPending ? <Spinner /> : <Download aria-hidden />}
        {t('download')}
      </Button>
      {download.error !== null && <ErrorPanel error={download.error} />}
      <DownloadDigest sha256={download.data} />
      <div className="grid gap-1">
        <p className="text-ink-soft text-xs">{t('verify')}</p>
        <div className="flex items-center gap-1 rounded-lg bg-sunken py-1 pr-1 pl-3">
          <code className="min-w-0 grow break-words font-mono text-xs leading-5">{command}</code>
          <CopyButton text={command} label={t('copyCommand')} />
        </div>
      </div>
    </Card>
  )
}
