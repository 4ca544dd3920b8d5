import type { Page } from '@playwright/test'

/** Signs the first-run administrator in and waits for the page that the console leads to. */
export async function signIn(page: Page): Promise<void> {
  await page.goto('/login')
  await fillSignIn(page)
  await page.waitForURL(/\/n\/[^/]+\/buckets/)
}

/** Fills the sign-in form that is open. */
export async function fillSignIn(page: Page): Promise<void> {
  const { SCEAU_E2E_USERNAME: username = 'admin', SCEAU_E2E_PASSWORD: password } = process.env
  if (password === undefined) throw new Error('SCEAU_E2E_PASSWORD is missing: run the browser tests with `npm test`')
  await page.getByLabel('User name').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** The address of the namespace that the console opened, such as "/n/main". */
export function namespacePath(page: Page): string {
  return /^\/n\/[^/]+/.exec(new URL(page.url()).pathname)?.[0] ?? ''
}
