import { redirect } from 'next/navigation'

export default async function NamespacePage({ params }: { params: Promise<{ ns: string }> }) {
  redirect(`/n/${(await params).ns}/buckets`)
}
