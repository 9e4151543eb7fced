/** The step that asks for one click, so that an app whose identity is not assured gets nothing silently. */
import { createClickStep } from '../click-step.ts'
import type { Step, StepDeps } from '../step.ts'
import { continuePage } from './page.ts'

export function createContinueStep(deps: StepDeps): Step {
  return createClickStep(deps, {
    prompt: 'continue',
    page: continuePage,
    forms: { continue: (ctx) => deps.gateway.continued(ctx) },
  })
}
