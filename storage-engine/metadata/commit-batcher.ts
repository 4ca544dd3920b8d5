import { Batcher } from '#storage-engine/metadata/batcher.ts'
import {
  type CommitAnswer,
  type CommitRow,
  commitStatement,
  isPlainRow,
  plainCommitStatement,
  readCommitAnswers,
} from '#storage-engine/metadata/commit-sql.ts'
import type { HotConnection } from '#storage-engine/metadata/hot-connection.ts'

/** More rows make the statement's planning and flush no cheaper, but everyone's wait longer. */
const ROWS_MAX = 256
const WAITING_MAX = 20_000

/** One group a connection: a second one behind it would wait for the first one's flush and gain nothing. */
export function createCommitBatcher(hot: HotConnection[]): Batcher<CommitRow, CommitAnswer> {
  return new Batcher({
    lanes: hot.map((connection) => (rows: CommitRow[]) => commit(connection, rows)),
    rowsMax: ROWS_MAX,
    waitingMax: WAITING_MAX,
    keyOf: (row) => row.bucketId + row.key,
  })
}

async function commit(connection: HotConnection, rows: CommitRow[]): Promise<CommitAnswer[]> {
  const isPlain = rows.every(isPlainRow)
  const statement = isPlain ? plainCommitStatement(rows) : commitStatement(rows, 'replace')
  // Never repeated: when the connection is lost, the group may have been committed.
  const result = await connection.query(statement, { isRepeatable: false })
  return readCommitAnswers(result, { rows, whenPresent: 'replace' })
}
