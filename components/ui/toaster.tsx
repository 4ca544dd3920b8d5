'use client'
import { useTheme } from 'next-themes'
import { Toaster as Base } from 'sonner'

export function Toaster({ label }: { label: string }) {
  const { resolvedTheme } = useTheme()
  return (
    <Base
      theme={resolvedTheme === 'dark' ? 'dark' : 'light'}
      position="bottom-center"
      containerAriaLabel={label}
      toastOptions={{
        classNames: {
          toast: 'rounded-xl! border-line! bg-raised! text-ink! shadow-float! font-sans!',
          description: 'text-ink-soft!',
        },
      }}
    />
  )
}
