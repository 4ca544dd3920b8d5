import type { FuzzTarget } from '#e2e/fuzz/fuzz-target.ts'
import { AUTH_TARGETS } from '#e2e/fuzz/targets/auth-targets.ts'
import { FORM_TARGETS } from '#e2e/fuzz/targets/form-targets.ts'
import { HTTP_TARGETS } from '#e2e/fuzz/targets/http-targets.ts'
import { STORAGE_TARGETS } from '#e2e/fuzz/targets/storage-targets.ts'
import { XML_TARGETS } from '#e2e/fuzz/targets/xml-targets.ts'

/** Every parser that needs nothing running. */
export const PARSER_TARGETS: FuzzTarget[] = [
  ...HTTP_TARGETS,
  ...AUTH_TARGETS,
  ...FORM_TARGETS,
  ...XML_TARGETS,
  ...STORAGE_TARGETS,
]
