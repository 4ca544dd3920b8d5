'use client'
import { useState } from 'react'
import { useTranslations } from 'use-intl'
import { ConflictDialog } from '#components/uploads/conflict-dialog.tsx'
import { UploadDockHead } from '#components/uploads/upload-dock-head.tsx'
import { UploadList } from '#components/uploads/upload-list.tsx'
import { useRefreshAfterUploads } from '#components/uploads/use-refresh-after-uploads.ts'
import { useUploads } from '#components/uploads/use-uploads.ts'

/** All uploads of this tab in a corner of every page: how far, how fast, how long, and what went wrong. */
export function UploadDock() {
  const t = useTranslations('uploads')
  const snapshot = useUploads()
  const [collapsed, setCollapsed] = useState(false)
  useRefreshAfterUploads()
  const conflict = snapshot.items.find((item) => item.state === 'conflict')
  const waiting = snapshot.items
    .filter(({ state, batch }) => state === 'conflict' && batch === conflict?.batch)
    .map(({ id }) => id)

  if (snapshot.items.length === 0 && snapshot.readingCount === null) return null
  return (
    <>
      <section
        aria-label={t('region')}
        className="fixed right-0 bottom-0 z-30 flex w-full flex-col overflow-hidden rounded-t-2xl border border-line bg-raised shadow-float sm:right-4 sm:bottom-4 sm:w-[26rem] sm:rounded-2xl"
      >
        <UploadDockHead snapshot={snapshot} collapsed={collapsed} onCollapse={setCollapsed} />
        {!collapsed && <UploadList items={snapshot.items} />}
      </section>
      {conflict !== undefined && <ConflictDialog key={conflict.id} item={conflict} waiting={waiting} />}
    </>
  )
}
