'use client'
import { Trash2, X } from 'lucide-react'
import { useTranslations } from 'use-intl'
import type { Entry } from '#components/objects/entry.ts'
import { ByteSize } from '#components/shared/byte-size.tsx'
import { Button } from '#components/ui/button.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'

interface SelectionBarProps {
  chosen: readonly Entry[]
  onClear: () => void
  onDelete: ((entries: readonly Entry[]) => void) | null
}

/** What can be done with the rows selected; there only while there are some. */
export function SelectionBar({ chosen, onClear, onDelete }: SelectionBarProps) {
  const t = useTranslations()
  const bytes = chosen.reduce((sum, entry) => sum + (entry.kind === 'object' ? entry.object.size : 0), 0)
  return (
    <div aria-live="polite" className="sticky bottom-4 z-10 mt-3 flex justify-center empty:hidden">
      {chosen.length > 0 && (
        <div className="flex items-center gap-3 rounded-2xl border border-line bg-raised py-1.5 pr-1.5 pl-4 shadow-float">
          <span className="font-medium tabular-nums">{t('objects.selected', { count: chosen.length })}</span>
          {bytes > 0 && (
            <span className="text-ink-soft">
              <ByteSize bytes={bytes} />
            </span>
          )}
          {onDelete !== null && (
            <Button
              variant="ghost"
              className="text-bad hover:bg-bad-soft hover:text-bad"
              onClick={() => onDelete(chosen)}
            >
              <Trash2 aria-hidden />
              {t('common.delete')}
            </Button>
          )}
          <IconButton label={t('objects.clearSelection')} onClick={onClear}>
            <X aria-hidden />
          </IconButton>
        </div>
      )}
    </div>
  )
}
