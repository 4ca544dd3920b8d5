'use client'
import { useSyncExternalStore } from 'react'
import { uploads } from '#lib/upload/browser-uploads.ts'
import { getEmptyUploadSnapshot, type UploadSnapshot } from '#lib/upload/upload-store.ts'

export function useUploads(): UploadSnapshot {
  return useSyncExternalStore(uploads.subscribe, uploads.getSnapshot, getEmptyUploadSnapshot)
}
