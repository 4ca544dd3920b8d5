import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { signIn } from '#e2e/console/sign-in.ts'
import { type Product, startProduct } from '#e2e/product.ts'
import { createS3Client, type S3Client } from '#e2e/s3-client.ts'
import { verifyDocument } from '#storage-engine/crypto/signed-document.ts'

/** Journey 11 has a product of its own, since it is stopped on the way. */
const BUCKET = 'ledgers'
const ENCRYPTION_PAGE = '/admin/namespaces/main/encryption'
/** Several groups of what a migration commits at once, and some seconds each at this rate: it is seen on its way. */
const OBJECT_COUNT = 256
const OBJECT_BYTES = 64 * 1024
const RATE_MIB = '0.25'
const LANES = 8

let product: Product
let dataDir: string
let administrator: { username: string; password: string }

test.beforeAll(async () => {
  test.setTimeout(300_000)
  dataDir = await mkdtemp(join(tmpdir(), 'sceau-journey-'))
  product = await startProduct({ dataDir })
  administrator = { username: product.adminUsername ?? '', password: product.adminPassword ?? '' }
})

test.afterAll(async () => {
  await product.stop()
  await rm(dataDir, { recursive: true, force: true })
})

test.beforeEach(async ({ page }) => {
  await signIn(page, { consoleUrl: product.consoleUrl, ...administrator })
})

test('encryption is switched on with existing data, survives a restart, and is proven', async ({ page }, testInfo) => {
  test.setTimeout(420_000)
  const state = page.getByTestId('encryption-state')
  const migration = page.getByTestId('migration')

  await test.step('turn encryption off, by typing the name', async () => {
    await page.goto(product.consoleUrl + ENCRYPTION_PAGE)
    await expect(state).toHaveAttribute('data-state', 'on')
    await page.getByRole('switch', { name: 'Encrypt new data of main' }).click()
    const dialog = page.getByRole('alertdialog')
    const confirm = dialog.getByRole('button', { name: 'Turn encryption off' })
    await expect(confirm).toBeDisabled()
    await dialog.getByRole('textbox').fill('main')
    await confirm.click()
    await expect(state).toHaveAttribute('data-state', 'off')
  })

  await test.step('store data in the clear', async () => {
    const client = createS3Client(product)
    await storeObjects(client)
    client.close()
    await page.reload()
    await expect(page.getByRole('meter', { name: 'Encrypted share of main' })).toHaveAttribute('aria-valuenow', '0')
    await expect(page.getByRole('row', { name: new RegExp(BUCKET) })).toContainText('16 MiB')
  })

  await test.step('turn it on, also for what is stored, at a limited rate', async () => {
    await page.getByRole('switch', { name: 'Encrypt new data of main' }).click()
    const dialog = page.getByRole('alertdialog')
    await dialog.getByRole('radio', { name: /Also what is stored already/ }).click()
    await dialog.getByLabel('Rate limit').fill('nonsense')
    await expect(dialog.getByRole('button', { name: 'Turn encryption on' })).toBeDisabled()
    await dialog.getByLabel('Rate limit').fill(RATE_MIB)
    await dialog.getByRole('button', { name: 'Turn encryption on' }).click()
    await expect(state).toHaveAttribute('data-state', 'encrypting')
    await expect(migration).toHaveAttribute('data-state', 'running')
    await expect.poll(() => shareOf(page), { timeout: 60_000 }).toBeGreaterThan(0)
  })

  await test.step('progress survives a reload, and a restart of the product', async () => {
    await page.reload()
    await expect(migration).toHaveAttribute('data-state', 'running')
    const before = await shareOf(page)
    await restart()
    await page.goto(product.consoleUrl + ENCRYPTION_PAGE)
    await expect(state).toHaveAttribute('data-state', 'encrypting')
    await expect(migration).toHaveAttribute('data-state', 'running')
    expect(await shareOf(page)).toBeGreaterThanOrEqual(before)
  })

  await test.step('pause, resume, and lift the limit', async () => {
    await page.getByRole('button', { name: 'Pause' }).click()
    await expect(migration).toHaveAttribute('data-state', 'paused')
    await page.getByRole('button', { name: 'Resume' }).click()
    await expect(migration).toHaveAttribute('data-state', 'running')
    await page.getByRole('button', { name: 'Rate limit…' }).click()
    const dialog = page.getByRole('alertdialog')
    await expect(dialog.getByLabel('Rate limit')).toHaveValue(RATE_MIB)
    await dialog.getByLabel('Rate limit').fill('')
    await dialog.getByRole('button', { name: 'Apply' }).click()
    await expect(dialog).toHaveCount(0)
  })

  await test.step('it is complete: everything is encrypted, and the history says who did it', async () => {
    await expect(state).toHaveAttribute('data-state', 'on', { timeout: 180_000 })
    await expect(migration).toHaveAttribute('data-state', 'done')
    await expect.poll(() => shareOf(page)).toBe(100)
    await expect(page.getByRole('row', { name: new RegExp(BUCKET) })).toContainText('100%')
    const entry = page.getByRole('listitem').filter({ hasText: 'Off → On' })
    await expect(entry).toContainText('stored data too · at most 256 KiB/s')
    await expect(entry).toContainText('admin')
  })

  await test.step('the tenant sees it on the bucket and on an object', async () => {
    await page.goto(`${product.consoleUrl}/n/main/buckets`)
    await expect(page.getByRole('row', { name: new RegExp(BUCKET) })).toContainText('Encrypted')
    await page.goto(`${product.consoleUrl}/n/main/b/${BUCKET}/files?object=ledger-007.bin&tab=details`)
    const drawer = page.getByRole('dialog')
    await expect(drawer).toContainText('AES-256-GCM (FLOE)')
    await expect(drawer).toContainText('namespace key, version 1')
  })

  await test.step('the attestation is exported, and verifies', async () => {
    await page.goto(product.consoleUrl + ENCRYPTION_PAGE)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download attestation' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('main-attestation.json')
    const file = testInfo.outputPath('main-attestation.json')
    await download.saveAs(file)
    const text = await readFile(file, 'utf8')
    await expect(page.getByText(createHash('sha256').update(text).digest('hex'))).toBeVisible()
    const attestation = JSON.parse(text)
    expect(verifyDocument(attestation)).toBe(true)
    expect(attestation.namespaces).toMatchObject([
      { name: 'main', mode: 'on', state: 'on', objects: { sealedCount: OBJECT_COUNT, plainCount: 0 } },
    ])
  })
})

/** Stops the product and starts it again on its data, at the same address. */
async function restart(): Promise<void> {
  const { port } = new URL(product.consoleUrl)
  await product.stop({ keepData: true })
  product = await startProduct({ dataDir, env: { SCEAU_CONSOLE_PORT: port } })
}

async function storeObjects(client: S3Client): Promise<void> {
  expect((await client.call({ method: 'PUT', bucket: BUCKET })).status).toBe(200)
  const keys = Array.from({ length: OBJECT_COUNT }, (_, index) => `ledger-${String(index).padStart(3, '0')}.bin`)
  const storeNext = async () => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      const answer = await client.call({ method: 'PUT', bucket: BUCKET, key, body: randomBytes(OBJECT_BYTES) })
      expect(answer.status).toBe(200)
    }
  }
  await Promise.all(Array.from({ length: LANES }, storeNext))
}

/** The encrypted share that the page shows, in per cent. */
async function shareOf(page: Page): Promise<number> {
  const meter = page.getByRole('meter', { name: 'Encrypted share of main' })
  return Math.floor(Number(await meter.getAttribute('aria-valuenow')))
}
