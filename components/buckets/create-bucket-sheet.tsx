'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { BucketNameRules } from '#components/buckets/bucket-name-rules.tsx'
import { bucketKeys, createBucket } from '#components/buckets/queries.ts'
import { filesHref } from '#components/objects/files-href.ts'
import { CreateSheet } from '#components/shared/create-sheet.tsx'
import { Field } from '#components/ui/field.tsx'
import { NameInput } from '#components/ui/name-input.tsx'
import { brokenBucketNameRules } from '#lib/schemas/bucket-name.ts'

interface CreateBucketSheetProps {
  namespace: string
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** On success it leads into the new bucket, which asks for its first files. */
export function CreateBucketSheet({ namespace, open, onOpenChange }: CreateBucketSheetProps) {
  const t = useTranslations('buckets')
  const router = useRouter()
  const queryClient = useQueryClient()
  const [name, setName] = useState('')
  const valid = brokenBucketNameRules(name).length === 0

  const creation = useMutation({
    mutationFn: () => createBucket(namespace, { name }),
    onSuccess: async (bucket) => {
      await queryClient.invalidateQueries({ queryKey: bucketKeys.all(namespace) })
      toast.success(t('createdToast', { name: bucket.name }))
      change(false)
      router.push(filesHref({ namespace, bucket: bucket.name, prefix: '' }))
    },
  })

  function change(next: boolean) {
    if (!next) {
      setName('')
      creation.reset()
    }
    onOpenChange(next)
  }

  return (
    <CreateSheet
      open={open}
      onOpenChange={change}
      title={t('createTitle')}
      text={t('createText')}
      actionLabel={t(creation.isPending ? 'creating' : 'create')}
      onSubmit={() => creation.mutate()}
      pending={creation.isPending}
      error={creation.error}
      incomplete={!valid}
    >
      <Field label={t('nameLabel')} hint={t('nameHint')}>
        {(ids) => (
          <NameInput
            {...ids}
            aria-invalid={name !== '' && !valid}
            value={name}
            onChange={(event) => setName(event.target.value)}
            maxLength={255}
          />
        )}
      </Field>
      <BucketNameRules name={name} />
    </CreateSheet>
  )
}
