'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { bucketKeys } from '#components/buckets/queries.ts'
import { objectKeys } from '#components/objects/queries.ts'
import { uploads, watchBrowser } from '#lib/upload/browser-uploads.ts'
import type { UploadItem } from '#lib/upload/upload-item.ts'

const PAUSE_MS = 1_500

/** Lists show what arrives while it arrives, at most every second and a half; the tab is guarded meanwhile. */
export function useRefreshAfterUploads(): void {
  const queryClient = useQueryClient()

  useEffect(() => watchBrowser(), [])

  useEffect(() => {
    const seen = new Set<number>()
    let timer: ReturnType<typeof setTimeout> | null = null
    let arrived: UploadItem[] = []

    function refresh() {
      timer = null
      for (const item of new Map(arrived.map((each) => [`${each.namespace}/${each.bucket}`, each])).values()) {
        void queryClient.invalidateQueries({ queryKey: objectKeys.all(item) })
        void queryClient.invalidateQueries({ queryKey: bucketKeys.all(item.namespace) })
      }
      arrived = []
    }

    const stop = uploads.subscribe(() => {
      const fresh = uploads.getSnapshot().items.filter((item) => item.state === 'done' && !seen.has(item.id))
      if (fresh.length === 0) return
      for (const item of fresh) seen.add(item.id)
      arrived.push(...fresh)
      timer ??= setTimeout(refresh, PAUSE_MS)
    })
    return () => {
      stop()
      if (timer !== null) clearTimeout(timer)
    }
  }, [queryClient])
}
