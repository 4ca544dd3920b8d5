import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { LoginForm } from '#components/session/login-form.tsx'
import { safePath } from '#components/session/safe-path.ts'
import { LanguageMenu } from '#components/shell/language-menu.tsx'
import { Logo } from '#components/shell/logo.tsx'
import { ThemeMenu } from '#components/shell/theme-menu.tsx'
import { readTranslator } from '#lib/i18n/server.ts'
import { readSession } from '#lib/server/session.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await readTranslator())('login.title') }
}

export default async function LoginPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const { next } = await searchParams
  const target = safePath(next)
  if ((await readSession()) !== null) redirect(target)
  const t = await readTranslator()
  return (
    <div className="grid min-h-dvh grid-rows-[auto_1fr]">
      <header className="flex justify-end gap-1 p-3">
        <LanguageMenu />
        <ThemeMenu />
      </header>
      <main className="mx-auto flex w-full max-w-[25rem] flex-col px-5 pt-[9vh] pb-16">
        <Logo className="mb-6 size-12 text-accent" />
        <h1 className="font-semibold text-2xl tracking-tight">{t('login.title')}</h1>
        <p className="mt-1 mb-7 text-ink-soft">{next === undefined ? t('login.lead') : t('login.ended')}</p>
        <LoginForm next={target} />
        <p className="mt-8 text-pretty border-line border-t pt-4 text-ink-soft text-xs">
          {t.rich('login.firstRun', {
            code: (chunks) => <code className="rounded bg-sunken px-1 py-0.5 font-mono">{chunks}</code>,
          })}
        </p>
      </main>
    </div>
  )
}
