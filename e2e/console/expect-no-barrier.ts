import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Fails with whatever of the page, as it is now, WCAG 2.2 AA forbids. */
export async function expectNoBarrier(page: Page): Promise<void> {
  const builder = new AxeBuilder({ page })
    .withTags(STANDARDS)
    // Hidden stops that hand the focus on the moment they get it.
    .exclude('[data-base-ui-focus-guard]')
    // Menus and panels hang at the end of the page, outside every landmark, and bring roles of their own.
    .disableRules('region')
  const { violations } = await builder.analyze()
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
  expect(found, page.url()).toEqual([])
}
