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

/** What can be done with the rows selected, over the column heads: nothing moves when it comes and goes. */
export function SelectionBar({ chosen, onClear, onDelete }: SelectionBarProps) {
  const t = useTranslations()
  const bytes = chosen.reduce((sum, entry) => sum + (entry.kind === 'object' ? entry.object.size : 0), 0)
  return (
    <div aria-live="polite" className="contents">
      {chosen.length > 0 && (
        <div className="absolute inset-x-0 top-0 left-11 z-10 flex h-10 items-center gap-2 border-line border-b bg-surface pr-2">
          <span className="font-medium tabular-nums">{t('objects.selected', { count: chosen.length })}</span>
          {bytes > 0 && (
            <span className="text-ink-soft">
              <ByteSize bytes={bytes} />
            </span>
          )}
          {onDelete !== null && (
            <Button
              variant="ghost"
              size="small"
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
