import type { Product } from '#e2e/product.ts'
import { openProductEngine } from '#e2e/product-engine.ts'
import { createService, type Service } from '#storage-engine/service/service.ts'

const ACTOR = {
  userId: '01900000-0000-7000-8000-00000000ad31',
  username: 'chaos',
  displayName: 'Chaos',
  isAdministrator: true,
  memberships: [],
  address: null,
  requestId: 'chaos',
}

type NamespaceEncryption = Awaited<ReturnType<Service['encryption']['get']>>

/** A blob's row alone does not tell when it was committed: it is written again when the blob is moved to another file. */
const NOTE_PLAIN_COMMITS = [
  'create table noted_plain_commits (namespace_id uuid, xid bigint)',
  `
create function note_plain_commits() returns trigger language plpgsql as $$
begin
  insert into noted_plain_commits select namespace_id, pg_current_xact_id()::xid::text::bigint from added where cipher = 0;
  return null;
end $$`,
  `
create trigger note_plain_commits after insert on blobs referencing new table as added
for each statement execute function note_plain_commits()`,
]

/** What an administrator does and sees of the namespace `main`, without a console in between, and what the rows say. */
export interface Administrator {
  /** Resolves when the switch is thrown; what is stored is converted as well. */
  switchTo(mode: 'on' | 'off'): Promise<void>
  describe(): Promise<NamespaceEncryption>
  /** Plain blobs that were committed after the last throw of the switch, if that was to `on`; also those that are gone by now. */
  countPlainSinceSwitch(): Promise<number>
  /** Rows of plain blobs, garbage included. */
  countPlain(): Promise<number>
  close(): Promise<void>
}

/** Of a new installation. */
export async function createAdministrator(product: Pick<Product, 'dataDir'>): Promise<Administrator> {
  const engine = await openProductEngine(product)
  const service = createService(engine)
  for (const text of NOTE_PLAIN_COMMITS) await engine.db.query({ name: '', text, values: [] })
  const count = async (name: string, text: string) => {
    const [row] = await engine.db.query<{ count: number }>({ name, text, values: [] })
    return row?.count ?? -1
  }
  return {
    async switchTo(mode) {
      const request = { namespace: 'main', mode, existing: 'convert', rateLimit: null, confirm: 'main' } as const
      await service.encryption.set(ACTOR, request)
    },
    describe: () => service.encryption.get(ACTOR, { namespace: 'main' }),
    // The switch gets its transaction id when no writer is left, so whatever is written later has a higher one.
    countPlainSinceSwitch: () =>
      count(
        'count-plain-since-switch',
        `
select count(*)::float8 as count from noted_plain_commits c join namespaces n on n.id = c.namespace_id
where n.name = 'main' and n.encryption_mode = 'on' and c.xid > n.xmin::text::bigint`,
      ),
    countPlain: () =>
      count(
        'count-plain',
        `select count(*)::float8 as count from blobs b join namespaces n on n.id = b.namespace_id where n.name = 'main' and b.cipher = 0`,
      ),
    async close() {
      await service.close()
      await engine.close()
    },
  }
}
