'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { createNamedKey, namedKeysQuery } from '#components/named-keys/queries.ts'
import { CreateSheet } from '#components/shared/create-sheet.tsx'
import { Field } from '#components/ui/field.tsx'
import { NameInput } from '#components/ui/name-input.tsx'
import { type CreateNamedKeyInput, createNamedKeyInput } from '#lib/schemas/named-keys.ts'

interface CreateNamedKeySheetProps {
  namespace: string
  open: boolean
  onOpenChange: (open: boolean) => void
}

const EMPTY: CreateNamedKeyInput = { name: '' }

export function CreateNamedKeySheet({ namespace, open, onOpenChange }: CreateNamedKeySheetProps) {
  const t = useTranslations('namedKeys')
  const queryClient = useQueryClient()
  const form = useForm({ resolver: zodResolver(createNamedKeyInput), defaultValues: EMPTY })
  const { errors } = form.formState

  const creation = useMutation({
    mutationFn: (input: CreateNamedKeyInput) => createNamedKey(namespace, input),
    onSuccess: async (_, { name }) => {
      await queryClient.invalidateQueries({ queryKey: namedKeysQuery(namespace).queryKey })
      toast.success(t('createdToast', { name }))
      change(false)
    },
  })

  function change(next: boolean) {
    if (!next) {
      form.reset(EMPTY)
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
      actionLabel={t('create')}
      onSubmit={() => void form.handleSubmit((input) => creation.mutate(input))()}
      pending={creation.isPending}
      error={creation.error}
    >
      <Field label={t('name')} hint={t('nameHint')} error={errors.name && t('invalidName')}>
        {(ids) => <NameInput {...ids} {...form.register('name')} />}
      </Field>
    </CreateSheet>
  )
}
