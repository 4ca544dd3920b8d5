'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { createNamedKey, namedKeysQuery } from '#components/named-keys/queries.ts'
import { ErrorPanel } from '#components/shared/error-panel.tsx'
import { Button } from '#components/ui/button.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { Sheet } from '#components/ui/sheet.tsx'
import { Spinner } from '#components/ui/spinner.tsx'
import { type CreateNamedKeyInput, createNamedKeyInput } from '#lib/schemas/named-keys.ts'

interface CreateNamedKeySheetProps {
  namespace: string
  open: boolean
  onOpenChange: (open: boolean) => void
}

const EMPTY: CreateNamedKeyInput = { name: '' }

export function CreateNamedKeySheet({ namespace, open, onOpenChange }: CreateNamedKeySheetProps) {
  const t = useTranslations('namedKeys')
  const tCommon = useTranslations('common')
  const formId = useId()
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
    <Sheet
      open={open}
      onOpenChange={change}
      title={t('createTitle')}
      text={t('createText')}
      closeLabel={tCommon('close')}
      footer={
        <>
          <Button onClick={() => change(false)}>{tCommon('cancel')}</Button>
          <Button type="submit" form={formId} variant="primary" disabled={creation.isPending}>
            {creation.isPending && <Spinner />}
            {t('create')}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        noValidate
        onSubmit={(event) => void form.handleSubmit((input) => creation.mutate(input))(event)}
        className="grid gap-5"
      >
        <Field label={t('name')} hint={t('nameHint')} error={errors.name && t('invalidName')}>
          {(ids) => (
            <Input
              {...ids}
              {...form.register('name')}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              className="font-mono"
            />
          )}
        </Field>
        {creation.error !== null && <ErrorPanel error={creation.error} />}
      </form>
    </Sheet>
  )
}
