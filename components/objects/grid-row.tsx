// biome-ignore-all lint/a11y/useFocusableInteractive: one row holds the focus, found again by roving tabindex
// biome-ignore-all lint/a11y/useSemanticElements: rows that exist only in view are placed one by one, which a table cannot be
'use client'
import { Download, File as FileIcon, FileImage, FileJson, FileText, Folder } from 'lucide-react'
import Link from 'next/link'
import type { MouseEvent } from 'react'
import { useTranslations } from 'use-intl'
import type { Entry } from '#components/objects/entry.ts'
import type { FolderAddress } from '#components/objects/files-href.ts'
import { previewKindOf } from '#components/objects/preview-kind.ts'
import { ByteSize } from '#components/shared/byte-size.tsx'
import { SealedBadge } from '#components/shared/encryption-badge.tsx'
import { RelativeTime } from '#components/shared/relative-time.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { cn } from '#lib/cn.ts'
import { visibleName } from '#lib/format.ts'
import type { StoredObject } from '#lib/schemas/objects.ts'
import { objectDataUrl } from '#lib/schemas/transfers.ts'

export const ROW_HEIGHT = 44

/** The columns follow the width of the grid itself, which a drawer or a narrow window changes. */
export const COLUMNS =
  'grid grid-cols-[1.25rem_minmax(0,1fr)_4.75rem_1.75rem] items-center gap-x-3 pl-4 @2xl:grid-cols-[1.25rem_minmax(0,1fr)_6rem_9rem_1.75rem] @3xl:grid-cols-[1.25rem_minmax(0,1fr)_6rem_9rem_8.5rem_1.75rem]'

interface GridRowProps {
  entry: Entry
  index: number
  /** Distance from the top of the list, in pixels. */
  start: number
  address: FolderAddress
  active: boolean
  takeFocus: boolean
  selected: boolean
  open: boolean
  hrefOf: (prefix: string) => string
  onPress: (event: MouseEvent, index: number) => void
  onToggle: (index: number) => void
  onFocused: () => void
}

export function GridRow({
  entry,
  index,
  start,
  address,
  active,
  takeFocus,
  selected,
  open,
  hrefOf,
  onPress,
  onToggle,
  onFocused,
}: GridRowProps) {
  const t = useTranslations()
  const shown = visibleName(entry.name)

  function focusWhenWanted(row: HTMLDivElement | null) {
    if (row === null || !takeFocus) return
    row.focus({ preventScroll: true })
    onFocused()
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid around it answers the keyboard for all rows
    <div
      ref={focusWhenWanted}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={active ? 0 : -1}
      data-open={open ? '' : undefined}
      onClick={(event) => onPress(event, index)}
      className={cn(
        COLUMNS,
        'group/row absolute inset-x-0 cursor-default select-none border-line border-b pr-4 hover:bg-hover focus-visible:-outline-offset-2',
        'aria-selected:bg-accent-soft data-open:shadow-[inset_3px_0_0_var(--accent)]',
      )}
      style={{ height: ROW_HEIGHT, transform: `translateY(${start}px)` }}
    >
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: stops a press on the box from opening the row */}
      <div role="gridcell" className="flex items-center" onClick={(event) => event.stopPropagation()}>
        <Checkbox
          tabIndex={-1}
          aria-label={t('objects.select', { name: shown })}
          checked={selected}
          onCheckedChange={() => onToggle(index)}
        />
      </div>
      <div role="gridcell" className="flex min-w-0 items-center gap-2.5">
        <EntryIcon entry={entry} />
        {entry.kind === 'folder' ? (
          <Link
            href={hrefOf(entry.folder.prefix)}
            prefetch={false}
            tabIndex={-1}
            onClick={(event) => event.stopPropagation()}
            className="truncate font-medium hover:underline"
            title={shown}
          >
            {shown}
          </Link>
        ) : (
          <span className="cursor-pointer truncate hover:underline" title={shown}>
            {shown}
          </span>
        )}
      </div>
      {entry.kind === 'folder' ? <FolderCells /> : <ObjectCells object={entry.object} address={address} />}
    </div>
  )
}

function FolderCells() {
  return (
    <>
      <div role="gridcell" className="text-right text-ink-soft">
        –
      </div>
      <div role="gridcell" className="hidden @2xl:block" />
      <div role="gridcell" className="hidden @3xl:block" />
      <div role="gridcell" />
    </>
  )
}

function ObjectCells({ object, address }: { object: StoredObject; address: FolderAddress }) {
  const t = useTranslations('common')
  return (
    <>
      <div role="gridcell" className="text-right text-ink-soft">
        <ByteSize bytes={object.size} />
      </div>
      <div role="gridcell" className="hidden truncate text-ink-soft @2xl:block">
        <RelativeTime iso={object.lastModified} />
      </div>
      <div role="gridcell" className="hidden @3xl:block">
        <SealedBadge sealed={object.sealed} />
      </div>
      <div role="gridcell" className="flex justify-end">
        <a
          href={objectDataUrl({ ...address, key: object.key }, 'attachment')}
          download
          tabIndex={-1}
          aria-label={`${t('download')} ${visibleName(object.name)}`}
          title={t('download')}
          onClick={(event) => event.stopPropagation()}
          className="flex size-7 items-center justify-center rounded-md text-ink-soft hover:bg-line hover:text-ink"
        >
          <Download aria-hidden className="size-4" />
        </a>
      </div>
    </>
  )
}

const ICONS = {
  image: FileImage,
  'image-too-large': FileImage,
  json: FileJson,
  text: FileText,
  none: FileIcon,
} as const

function EntryIcon({ entry }: { entry: Entry }) {
  if (entry.kind === 'folder')
    return <Folder aria-hidden className="size-4.5 shrink-0 fill-accent/20 text-accent" strokeWidth={1.75} />
  const Icon = ICONS[previewKindOf(entry.object)]
  return <Icon aria-hidden className="size-4.5 shrink-0 text-ink-soft" strokeWidth={1.75} />
}
