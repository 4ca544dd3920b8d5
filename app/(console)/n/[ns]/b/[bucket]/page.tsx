import { redirect } from 'next/navigation'

export default async function BucketPage({ params }: { params: Promise<{ ns: string; bucket: string }> }) {
  const { ns, bucket } = await params
  redirect(`/n/${ns}/b/${bucket}/files`)
}
