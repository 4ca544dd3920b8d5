'use client'
import { zodResolver } from '@hookform/resolvers/zod'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId } from 'react'
import { Controller, useForm } from 'react-hook-form'
import { toast } from 'sonner'
import { useTranslations } from 'use-intl'
import { createNamespace, namespaceKeys } from '#components/namespaces/queries.ts'
import { CreateSheet } from '#components/shared/create-sheet.tsx'
import { Field } from '#components/ui/field.tsx'
import { Input } from '#components/ui/input.tsx'
import { NameInput } from '#components/ui/name-input.tsx'
import { Switch } from '#components/ui/switch.tsx'
import { type CreateNamespaceInput, createNamespaceInput } from '#lib/schemas/namespaces.ts'

interface CreateNamespaceSheetProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

const EMPTY: CreateNamespaceInput = { name: '', displayName: '', encryptionMode: 'on' }

export function CreateNamespaceSheet({ open, onOpenChange }: CreateNamespaceSheetProps) {
  const t = useTranslations()
  const switchId = useId()
  const queryClient = useQueryClient()
  const form = useForm({ resolver: zodResolver(createNamespaceInput), defaultValues: EMPTY, mode: 'onTouched' })
  const { errors } = form.formState

  const creation = useMutation({
    mutationFn: createNamespace,
    onSuccess: async ({ displayName }) => {
      await queryClient.invalidateQueries({ queryKey: namespaceKeys.all })
      toast.success(t('namespaces.createdToast', { name: displayName }))
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
      title={t('namespaces.createTitle')}
      text={t('namespaces.createText')}
      actionLabel={t(creation.isPending ? 'namespaces.creating' : 'namespaces.create')}
      onSubmit={() => void form.handleSubmit((input) => creation.mutate(input))()}
      pending={creation.isPending}
      error={creation.error}
    >
      <Field
        label={t('namespaces.nameLabel')}
        hint={t('namespaces.nameHint')}
        error={errors.name && t('namespaces.invalidName')}
      >
        {(ids) => <NameInput {...ids} {...form.register('name')} />}
      </Field>
      <Field
        label={t('namespaces.displayNameLabel')}
        hint={t('namespaces.displayNameHint')}
        error={errors.displayName && t('namespaces.invalidDisplayName')}
      >
        {(ids) => <Input {...ids} {...form.register('displayName')} autoComplete="off" />}
      </Field>
      <div className="flex items-start justify-between gap-4 rounded-xl bg-sunken p-4">
        <div className="grid gap-0.5">
          <span id={switchId} className="font-medium">
            {t('namespaces.encryptionLabel')}
          </span>
          <span className="text-ink-soft text-xs">{t('namespaces.encryptionHint')}</span>
        </div>
        <Controller
          control={form.control}
          name="encryptionMode"
          render={({ field }) => (
            <Switch
              aria-labelledby={switchId}
              checked={field.value === 'on'}
              onCheckedChange={(on) => field.onChange(on ? 'on' : 'off')}
            />
          )}
        />
      </div>
    </CreateSheet>
  )
}
