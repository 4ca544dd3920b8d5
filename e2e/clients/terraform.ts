import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ClientUnavailable } from '#e2e/clients/client.ts'
import { runCommand } from '#e2e/clients/run-command.ts'
import type { StepsClient } from '#e2e/clients/steps.ts'

const CONFIGURATION = fileURLToPath(new URL('./scripts/terraform/main.tf', import.meta.url))

/**
 * A bucket with every sub-resource that the aws provider manages. A second plan that wants nothing changed proves that
 * each is read back as it was written. SCEAU_TEST_TERRAFORM_PLUGINS names a folder of providers; without it they come from
 * where terraform's own configuration says.
 */
export const terraform: StepsClient = {
  name: 'terraform',
  async prepareSteps(site) {
    await copyFile(CONFIGURATION, join(site.workDir, 'main.tf'))
    const env = {
      AWS_ACCESS_KEY_ID: site.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: site.credentials.secretAccessKey,
      AWS_CA_BUNDLE: site.caFile,
      AWS_EC2_METADATA_DISABLED: 'true',
      TF_IN_AUTOMATION: '1',
      TF_VAR_bucket: 'clients-terraform',
      TF_VAR_endpoint: site.endpoint,
      CHECKPOINT_DISABLE: '1',
    }
    const run = (...words: string[]) => runCommand({ argv: ['terraform', `-chdir=${site.workDir}`, ...words], env })
    const plugins = process.env['SCEAU_TEST_TERRAFORM_PLUGINS']
    try {
      await run('init', '-input=false', '-no-color', ...(plugins === undefined ? [] : [`-plugin-dir=${plugins}`]))
    } catch (cause) {
      throw new ClientUnavailable('install terraform, and let it find its aws provider, to include it', { cause })
    }
    const [version = ''] = (await run('version')).split('\n')
    const change = (verb: string) => run(verb, '-auto-approve', '-input=false', '-no-color')
    return {
      version,
      steps: [
        { name: 'apply', run: () => change('apply').then(() => {}) },
        // Exit code 2 says that there is something to change.
        { name: 'plan', run: () => run('plan', '-detailed-exitcode', '-input=false', '-no-color').then(() => {}) },
        { name: 'destroy', run: () => change('destroy').then(() => {}) },
      ],
    }
  },
}
