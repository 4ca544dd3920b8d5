'use client'
import { Meter } from '@base-ui/react/meter'
import { useTranslations } from 'use-intl'
import { useFormat } from '#components/shared/use-format.ts'
import { cn } from '#lib/cn.ts'
import type { Coverage } from '#lib/encrypted-share.ts'

interface ShareMeterProps {
  /** Of the namespace or the bucket. */
  name: string
  /** 0 to 1. */
  share: number
  coverage: Coverage
  className?: string
}

/** The encrypted share of what is stored, as a bar and in per cent. */
export function ShareMeter({ name, share, coverage: { encryptedBytes, plainBytes }, className }: ShareMeterProps) {
  const t = useTranslations('encryption')
  const format = useFormat()
  return (
    <Meter.Root
      value={share * 100}
      aria-label={t('shareLabel', { name })}
      aria-valuetext={t('coverage', { sealed: format.bytes(encryptedBytes), plain: format.bytes(plainBytes) })}
      className={cn('flex items-center gap-2.5 text-xs', className)}
    >
      <Meter.Track className="h-2 grow overflow-hidden rounded-full bg-warn/25 ring-1 ring-line ring-inset">
        <Meter.Indicator className="bg-good transition-[width] duration-500" />
      </Meter.Track>
      {/* Rounded down: "100 %" is said only when nothing is plain. */}
      <span className="min-w-11 shrink-0 text-right tabular-nums">{format.percent(Math.floor(share * 100) / 100)}</span>
    </Meter.Root>
  )
}
