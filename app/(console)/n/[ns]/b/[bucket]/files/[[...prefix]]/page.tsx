import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { prefixOfAddress } from '#components/objects/files-href.ts'
import { FilesScreen } from '#components/objects/files-screen.tsx'
import { readNamespace } from '#components/session/read-namespace.ts'

interface FilesPageProps {
  params: Promise<{ ns: string; bucket: string; prefix?: string[] }>
  searchParams: Promise<{ prefix?: string | string[] }>
}

export async function generateMetadata({ params }: FilesPageProps): Promise<Metadata> {
  return { title: decodeURIComponent((await params).bucket) }
}

export default async function FilesPage({ params, searchParams }: FilesPageProps) {
  const [{ ns, bucket, prefix: segments }, { prefix: queryPrefix }] = await Promise.all([params, searchParams])
  const namespace = await readNamespace(ns)
  if (namespace === null) notFound()
  const prefix = prefixOfAddress(segments, typeof queryPrefix === 'string' ? queryPrefix : undefined)
  return (
    <FilesScreen
      key={prefix}
      namespace={namespace.name}
      bucket={decodeURIComponent(bucket)}
      prefix={prefix}
      canWrite={namespace.permissions.includes('object-storage_write')}
    />
  )
}
