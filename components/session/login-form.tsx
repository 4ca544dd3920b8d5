'use client'
import { Eye, EyeOff, TriangleAlert } from 'lucide-react'
import { signIn } from 'next-auth/react'
import { type SubmitEvent, useState } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from '#components/ui/button.tsx'
import { Field } from '#components/ui/field.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Input } from '#components/ui/input.tsx'
import { Spinner } from '#components/ui/spinner.tsx'
import { signInInput } from '#lib/schemas/session.ts'

type Trouble = 'refused' | 'tooMany' | 'unreachable'

/** Signs in and goes to `next`, a path of this console. */
export function LoginForm({ next }: { next: string }) {
  const t = useTranslations('login')
  const [missing, setMissing] = useState<ReadonlySet<PropertyKey>>(new Set())
  const [pending, setPending] = useState(false)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const [visible, setVisible] = useState(false)

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    const input = signInInput.safeParse(Object.fromEntries(new FormData(event.currentTarget)))
    setMissing(new Set(input.error?.issues.map(({ path }) => path[0] ?? '')))
    if (!input.success) return
    setPending(true)
    setTrouble(null)
    const refusal = await attempt(input.data)
    if (refusal === null) {
      // A full load: nothing of the signed-out page stays in memory.
      window.location.assign(next)
      return
    }
    setTrouble(refusal)
    setPending(false)
  }

  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="grid gap-4">
      {trouble !== null && (
        <p role="alert" className="flex items-start gap-2.5 rounded-lg border border-bad/35 bg-bad-soft p-3 text-sm">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
          {t(trouble)}
        </p>
      )}
      <Field label={t('username')} error={missing.has('username') && t('needed')}>
        {(ids) => (
          <Input
            {...ids}
            name="username"
            autoComplete="username"
            autoCapitalize="off"
            spellCheck={false}
            maxLength={100}
          />
        )}
      </Field>
      <Field label={t('password')} error={missing.has('password') && t('needed')}>
        {(ids) => (
          <div className="relative">
            <Input
              {...ids}
              name="password"
              type={visible ? 'text' : 'password'}
              autoComplete="current-password"
              maxLength={1024}
              className="pr-10"
            />
            <div className="absolute top-0.5 right-0.5">
              <IconButton label={t(visible ? 'hidePassword' : 'showPassword')} onClick={() => setVisible(!visible)}>
                {visible ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
              </IconButton>
            </div>
          </div>
        )}
      </Field>
      <Button type="submit" variant="primary" disabled={pending} className="h-10 w-full">
        {pending && <Spinner />}
        {t(pending ? 'submitting' : 'submit')}
      </Button>
    </form>
  )
}

/** Null when signed in. */
async function attempt(credentials: { username: string; password: string }): Promise<Trouble | null> {
  try {
    const answer = await signIn('credentials', { ...credentials, redirect: false })
    if (answer?.ok && !answer.error) return null
    return answer?.error === 'TooManyAttempts'
      ? 'tooMany'
      : answer?.error === 'CredentialsSignin'
        ? 'refused'
        : 'unreachable'
  } catch {
    return 'unreachable'
  }
}
