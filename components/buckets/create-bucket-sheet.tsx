'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { type SubmitEvent, useId, useState } from 'react'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { BucketNameRules } from '#components/buckets/bucket-name-rules.tsx'
import { bucketKeys, createBucket } from '#components/buckets/queries.ts'
import { filesHref } from '#components/objects/files-href.ts'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { Button } from '#components/ui/button.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { Sheet } from '#components/ui/sheet.tsx'
import { Spinner } from '#components/ui/spinner.tsx'
import { brokenBucketNameRules } from '#lib/schemas/bucket-name.ts'

interface CreateBucketSheetProps {
  namespace: string
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** On success it leads into the new bucket, which asks for its first files. */
export function CreateBucketSheet({ namespace, open, onOpenChange }: CreateBucketSheetProps) {
  const t = useTranslations()
  const formId = useId()
  const router = useRouter()
  const queryClient = useQueryClient()
  const [name, setName] = useState('')
  const valid = brokenBucketNameRules(name).length === 0

  const creation = useMutation({
    mutationFn: () => createBucket(namespace, { name }),
    onSuccess: async (bucket) => {
      await queryClient.invalidateQueries({ queryKey: bucketKeys.all(namespace) })
      toast.success(t('buckets.createdToast', { name: bucket.name }))
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

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    if (valid && !creation.isPending) creation.mutate()
  }

  return (
    <Sheet
      open={open}
      onOpenChange={change}
      title={t('buckets.createTitle')}
      text={t('buckets.createText')}
      closeLabel={t('common.close')}
      footer={
        <>
          <Button onClick={() => change(false)}>{t('common.cancel')}</Button>
          <Button type="submit" form={formId} variant="primary" disabled={!valid || creation.isPending}>
            {creation.isPending && <Spinner />}
            {t(creation.isPending ? 'buckets.creating' : 'buckets.create')}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="grid gap-4">
        <Field label={t('buckets.nameLabel')} hint={t('buckets.nameHint')}>
          {(ids) => (
            <Input
              {...ids}
              aria-invalid={name !== '' && !valid}
              value={name}
              onChange={(event) => setName(event.target.value)}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              maxLength={255}
              className="font-mono"
            />
          )}
        </Field>
        <BucketNameRules name={name} />
        {creation.error !== null && <ErrorPanel error={creation.error} />}
      </form>
    </Sheet>
  )
}
