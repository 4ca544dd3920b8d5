import { expect, test } from '@playwright/test'
import { signIn } from '#e2e/console/sign-in.ts'

test('a namespace is created, and a name that is taken is refused as such', async ({ page }) => {
  await signIn(page)
  await page.goto('/admin/namespaces')
  const open = page.getByRole('button', { name: 'Create namespace' })
  const sheet = page.getByRole('dialog')
  const create = sheet.getByRole('button', { name: 'Create namespace' })
  await open.click()

  await test.step('what is not valid is said at its field', async () => {
    await sheet.getByLabel('Name', { exact: true }).fill('Not_Valid')
    await create.click()
    await expect(sheet.getByLabel('Name', { exact: true })).toHaveAttribute('aria-invalid', 'true')
    await expect(sheet.getByLabel('Display name')).toHaveAttribute('aria-invalid', 'true')
  })

  await test.step('a name that is taken', async () => {
    await sheet.getByLabel('Name', { exact: true }).fill('main')
    await sheet.getByLabel('Display name').fill('Northern branch')
    await create.click()
    await expect(sheet.getByRole('alert')).toContainText('A namespace with this name exists already.')
  })

  await test.step('a free one', async () => {
    await sheet.getByLabel('Name', { exact: true }).fill('northern-branch')
    await create.click()
    await expect(sheet).toHaveCount(0)
    await expect(page.getByRole('link', { name: 'Northern branch' })).toBeVisible()
  })

  await test.step('the next form starts empty', async () => {
    await open.click()
    await expect(sheet.getByLabel('Name', { exact: true })).toHaveValue('')
    await expect(sheet.getByRole('alert')).toHaveCount(0)
  })
})
