import type { Page } from '@playwright/test'

interface Administrator {
  /** Of a product other than the one that the configuration names. */
  consoleUrl?: string
  username: string
  password: string
}

/** Signs the first-run administrator in and waits for the page that the console leads to. */
export async function signIn(page: Page, administrator = sharedAdministrator()): Promise<void> {
  await page.goto(`${administrator.consoleUrl ?? ''}/login`)
  await fillSignIn(page, administrator)
  await page.waitForURL(/\/n\/[^/]+\/buckets/)
}

/** Fills the sign-in form that is open. */
export async function fillSignIn(page: Page, administrator = sharedAdministrator()): Promise<void> {
  await page.getByLabel('User name').fill(administrator.username)
  await page.getByLabel('Password', { exact: true }).fill(administrator.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Of the product that every journey without its own uses. */
function sharedAdministrator(): Administrator {
  const { SCEAU_E2E_USERNAME: username = 'admin', SCEAU_E2E_PASSWORD: password } = process.env
  if (password === undefined) throw new Error('SCEAU_E2E_PASSWORD is missing: run the browser tests with `npm test`')
  return { username, password }
}

/** The address of the namespace that the console opened, such as "/n/main". */
export function namespacePath(page: Page): string {
  return /^\/n\/[^/]+/.exec(new URL(page.url()).pathname)?.[0] ?? ''
}
